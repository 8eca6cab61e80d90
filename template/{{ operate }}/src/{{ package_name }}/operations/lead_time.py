"""From git: how long a change waits for a release, and the share of failed releases: `lead-time`.

Source: the four keys of https://dora.dev/guides/dora-metrics-four-keys/
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from ..utils.files import write_json
from ..utils.logs import log
from ..utils.provenance import git

REPORT = Path("reports", "lead-time.json")
TAGS, CODE, FEATURES = "v*", "src", "src/*/model/features.py"
DAY_S, PATCH_DAYS = 86_400, 7  # a patch so soon means that the release before it failed
Release = tuple[str, int]  # a tag, and when it was made, in seconds since 1970


def run(args: argparse.Namespace) -> None:
    """Write reports/lead-time.json; raises ValueError where nothing was released."""
    words = ("tag", "--merged", "HEAD", "--list", TAGS, "--sort=creatordate")
    lines = _lines(args.root, *words, "--format=%(refname:short) %(creatordate:unix)")
    tags = [(name, int(time)) for name, time in map(str.split, lines)]
    days, features = (lead_times(args.root, tags, path) for path in (CODE, FEATURES))
    if not days:
        raise ValueError(f"git: no tag like {TAGS} in HEAD changed {CODE}/; make a release first")
    failed = [one[0] for one, later in pairwise(tags) if is_patch(one, later)]
    typical, waited = median(days), median(features) if features else None
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "n_releases": len(tags),
        "n_changes": len(days),
        "lead_time_days": {"median": typical},
        "features": {"n": len(features), "lead_time_days": {"median": waited}},
        "failed": {"share": len(failed) / len(tags), "releases": failed},
    }
    write_json(args.root / REPORT, report)
    text = f"{len(days)} changes in {len(tags)} releases, {len(failed)} failed"
    log("lead-time", f"{text}; median {typical:.1f} days")


def lead_times(root: Path, tags: Sequence[Release], path: str) -> list[float]:
    """Days from the first commit of each change (a merge, or a commit on main) to its release."""
    days = []
    for before, (name, time) in zip([None, *tags], tags, strict=False):
        commits = f"{before[0]}..{name}" if before else name
        changes = _lines(root, "log", "--first-parent", "--format=%H %P", commits, "--", path)
        for commit, *parents in map(str.split, changes):
            own = f"{parents[0]}..{commit}" if parents else commit
            started = min(map(int, _lines(root, "log", "--format=%at", own)))
            days.append((time - started) / DAY_S)
    return days


def is_patch(release: Release, later: Release) -> bool:
    """Whether the second repairs the first: v1.4.1 within days of v1.4.0."""
    is_same = release[0].rpartition(".")[0] == later[0].rpartition(".")[0]
    return is_same and later[1] - release[1] <= PATCH_DAYS * DAY_S


def _lines(root: Path, *words: str) -> list[str]:
    return (git(root, *words) or "").splitlines()
