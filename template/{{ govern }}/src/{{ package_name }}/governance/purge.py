"""Delete logs that are older than conf/ keeps them: `purge`."""

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from ..executor.prepare import QUARANTINE
from ..monitoring.log import stores
from ..monitoring.segments import CLOSED, TIME
from ..monitoring.settings import load_monitoring
from ..utils.logs import log
from . import trail
from .settings import load_governance


def run(args: argparse.Namespace) -> None:
    """Delete, and print what; for a nightly job."""
    found = purge(args.root, datetime.now(UTC))
    for path in found:
        log("purge", path.relative_to(args.root).as_posix())
    log("purge", f"{len(found)} files deleted")


def purge(root: Path, now: datetime) -> list[Path]:
    """Delete every file whose newest record is older than its store keeps it; returns them."""
    keep, served = load_governance(root).keep_days, load_monitoring(root).log.keep_days
    dated = [(one, date.fromisoformat(one.stem), keep.trail) for one in trail.files(root)]
    dated += [(one, _newest(one), served) for one in stores(root) if one.suffix == CLOSED]
    for path in (root / QUARANTINE).glob("*.json"):
        dated.append((path, date.fromtimestamp(path.stat().st_mtime), keep.quarantine))
    old = [path for path, day, n in dated if n and day < (now - timedelta(days=n)).date()]
    trail.keep_anchor([path for path in old if path.parent == root / trail.FOLDER])
    for path in old:
        path.unlink()
    return old


def _newest(path: Path) -> date:
    found: datetime | None = pl.scan_parquet(path).select(pl.col(TIME).max()).collect().item()
    return found.date() if found else date.min  # `forget` may have emptied it
