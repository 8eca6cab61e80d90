"""Delete logs that are older than conf/ keeps them: `purge`."""

import argparse
from datetime import UTC, datetime, timedelta
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
    keep = load_governance(root).keep_days
    served = _older(_served(root), load_monitoring(root).log.keep_days, now)
    trails = _older(_trail(root), keep.trail, now)
    refused = _older(_quarantine(root), keep.quarantine, now)
    trail.keep_anchor(root, trails)
    old = [*served, *trails, *refused]
    for path in old:
        path.unlink()
    return old


def _older(files: dict[Path, datetime], days: int | None, now: datetime) -> list[Path]:
    limit = None if days is None else now - timedelta(days=days)
    return [path for path, newest in files.items() if limit is not None and newest < limit]


def _served(root: Path) -> dict[Path, datetime]:
    """Closed file -> when its newest record was written."""
    closed = [path for path in stores(root) if path.suffix == CLOSED]
    newest = pl.col(TIME).max()
    return {path: pl.scan_parquet(path).select(newest).collect().item() for path in closed}


def _trail(root: Path) -> dict[Path, datetime]:
    """File -> the end of its day."""
    day = timedelta(days=1)
    return {
        path: datetime.strptime(path.stem, trail.DAY).replace(tzinfo=UTC) + day
        for path in trail.files(root)
    }


def _quarantine(root: Path) -> dict[Path, datetime]:
    paths = [path for path in (root / QUARANTINE).rglob("*") if path.is_file()]
    return {path: datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in sorted(paths)}
