"""Delete logs that are older than conf/ keeps them: `purge`."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..executor.prepare import QUARANTINE
from ..monitoring.log import close, stores
from ..monitoring.segments import CLOSED
from ..monitoring.settings import load_monitoring
from ..utils.logs import log
from . import trail
from .settings import load_governance


def run(args: argparse.Namespace) -> None:
    """Delete, and print what; for a nightly job."""
    for path in purge(args.root, datetime.now(UTC)):
        log("purge", path.relative_to(args.root).as_posix())


def purge(root: Path, now: datetime) -> list[Path]:
    """Delete every file that was last written longer ago than its store is kept; returns them."""
    close(root)
    keep, served = load_governance(root).keep_days, load_monitoring(root).log.keep_days
    found = [(path, keep.get("trail")) for path in trail.files(root)]
    found += [(path, served) for path in stores(root) if path.suffix == CLOSED]
    found += [(path, keep.get("quarantine")) for path in (root / QUARANTINE).glob("*.json")]
    moments = [(path, (now - timedelta(days=n)).timestamp()) for path, n in found if n]
    old = [path for path, first in moments if path.stat().st_mtime < first]
    trail.keep_anchor([path for path in old if path.parent == root / trail.FOLDER])
    for path in old:
        path.unlink()
    return old
