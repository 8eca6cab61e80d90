"""Delete logs that are older than conf/ keeps them: `purge`."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..executor.prepare import QUARANTINE
from ..monitoring.log import stores
from ..monitoring.settings import load_monitoring
from ..utils.logs import log
from . import trail
from .served import newest
from .settings import load_governance


def run(args: argparse.Namespace) -> None:
    """Delete, and print what; for a nightly job."""
    found = purge(args.root, datetime.now(UTC))
    for path in found:
        log("purge", path.relative_to(args.root).as_posix())
    log("purge", f"{len(found)} files deleted")


def purge(root: Path, now: datetime) -> list[Path]:
    """Delete every file whose newest record is older than its store keeps it; returns them."""
    settings = load_governance(root).keep_days
    days = {
        "served": load_monitoring(root).log.keep_days,
        "trail": settings.trail,
        "quarantine": settings.quarantine,
    }
    limits = {name: now - timedelta(days=n) for name, n in days.items() if n is not None}
    old = [p for name, path, moment in _files(root) for p in _older(path, moment, limits.get(name))]
    trail.keep_anchor(root, [path for path in old if path.parent == root / trail.FOLDER])
    for path in old:
        path.unlink()
    return old


def _files(root: Path) -> Iterator[tuple[str, Path, datetime | None]]:
    """(store, file, when its newest record was written; None where it is still open)."""
    yield from (("served", path, newest(path)) for path in stores(root))
    yield from (("trail", path, trail.day_of(path)) for path in trail.files(root))
    for path in sorted((root / QUARANTINE).rglob("*")):
        if path.is_file():
            yield "quarantine", path, datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _older(path: Path, moment: datetime | None, limit: datetime | None) -> list[Path]:
    return [path] if moment is not None and limit is not None and moment < limit else []
