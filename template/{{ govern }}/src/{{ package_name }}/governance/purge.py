"""Delete logs that are older than conf/ keeps them: `purge`."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from ..executor.prepare import QUARANTINE
from ..monitoring.log import close, stores
from ..monitoring.segments import CLOSED, TIME
from ..monitoring.settings import load_monitoring
from ..utils.logs import log
from . import trail
from .settings import load_governance

Time = Callable[[Path], datetime]


def run(args: argparse.Namespace) -> None:
    """Delete, and print what; for a nightly job."""
    found = purge(args.root, datetime.now(UTC))
    for path in found:
        log("purge", path.relative_to(args.root).as_posix())
    log("purge", f"{len(found)} files deleted")


def purge(root: Path, now: datetime) -> list[Path]:
    """Delete every file whose newest record is older than its store keeps it; returns them."""
    keep, served = load_governance(root).keep_days, load_monitoring(root).log.keep_days
    trails = _older(trail.files(root), _end_of_day, keep.trail, now)
    close(root)
    closed = [path for path in stores(root) if path.suffix == CLOSED]
    refused = [path for path in sorted((root / QUARANTINE).rglob("*")) if path.is_file()]
    old = trails + _older(closed, _newest, served, now)
    old += _older(refused, _written, keep.quarantine, now)
    trail.keep_anchor(root, trails)
    for path in old:
        path.unlink()
    return old


def _older(paths: list[Path], time: Time, days: int | None, now: datetime) -> list[Path]:
    if days is None:
        return []
    return [path for path in paths if time(path) < now - timedelta(days=days)]


def _end_of_day(path: Path) -> datetime:
    day = datetime.strptime(path.stem, trail.DAY).replace(tzinfo=UTC)
    return day + timedelta(days=1)


def _newest(path: Path) -> datetime:
    found: datetime = pl.scan_parquet(path).select(pl.col(TIME).max()).collect().item()
    return found


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
