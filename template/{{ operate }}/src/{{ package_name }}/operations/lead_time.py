"""From git: how long a change waits for a release, and the share of failed releases: `lead-time`.

Source: the four keys of https://dora.dev/guides/dora-metrics-four-keys/
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..registry.promote import read_history
from ..utils.files import write_json
from ..utils.logs import log
from ..utils.provenance import git

REPORT = Path("reports", "lead-time.json")
TAGS, CODE, FEATURES = "v*", "src", "src/*/model/features.py"
DAY_S, PATCH_DAYS = 86_400, 7  # a patch so soon means that the release before it failed
REVERTS = r"This reverts commit ([0-9a-f]{40})"


@dataclass(frozen=True)
class Release:
    """A tag: when it was made in seconds since 1970, and what lies between it and the last one."""

    name: str
    time: int
    range: str


def run(args: argparse.Namespace) -> None:
    """Write reports/lead-time.json; raises ValueError where nothing was released."""
    found = releases(args.root)
    days = lead_times(args.root, found, CODE)
    if not days:
        raise ValueError(f"git: no tag like {TAGS} in HEAD changed {CODE}/; make a release first")
    features = lead_times(args.root, found, FEATURES)
    failed, times = failures(args.root, found), _quantiles(days)
    share = len(failed) / len(found)
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "n_releases": len(found),
        "n_changes": len(days),
        "lead_time_days": times,
        "features": {"n": len(features), "lead_time_days": _quantiles(features)},
        "failed": {"share": share, "releases": failed},
    }
    write_json(args.root / REPORT, report)
    shown = f"median {times['median']:.1f} days, 9 of 10 within {times['p90']:.1f}"
    log("lead-time", f"{len(days)} changes in {len(found)} releases; {shown}")
    log("", f"failed    {share:.0%} of the releases: {', '.join(failed) or 'none'}")
    log("", f"record    {REPORT.as_posix()}")


def releases(root: Path) -> list[Release]:
    """The release tags that HEAD has, the oldest first."""
    words = ["tag", "--merged", "HEAD", "--list", TAGS, "--sort=creatordate"]
    lines = _lines(root, *words, "--format=%(refname:short) %(creatordate:unix)")
    found: list[Release] = []
    for name, time in map(str.split, lines):
        commits = f"{found[-1].name}..{name}" if found else name
        found.append(Release(name, int(time), commits))
    return found


def lead_times(root: Path, every: Sequence[Release], path: str) -> list[float]:
    """Days from the first commit of each change of `path` to its release.

    A change is a merge, or a commit on the main branch.
    """
    days = []
    for release in every:
        words = ("--first-parent", "--format=%H %P", release.range, "--", path)
        for commit, *parents in map(str.split, _lines(root, "log", *words)):
            own = f"{parents[0]}..{commit}" if parents else commit
            started = min(map(int, _lines(root, "log", "--format=%at", own)))
            days.append((release.time - started) / DAY_S)
    return days


def failures(root: Path, every: Sequence[Release]) -> list[str]:
    """Releases that were patched within days, reverted in part, or whose model was rolled back."""
    failed = {one.name for one, after in pairwise(every) if _is_patch(one, after)}
    for move in read_history(root):
        time = datetime.fromisoformat(move["created"]).timestamp()
        before = [one.name for one in every if one.time <= time]
        failed |= set(before[-1:]) if move["how"] == "rollback" else set()
    for one in every:
        later = "\n".join(_lines(root, "log", "--format=%B", f"{one.name}..HEAD"))
        if set(re.findall(REVERTS, later)).intersection(_lines(root, "rev-list", one.range)):
            failed.add(one.name)
    return [one.name for one in every if one.name in failed]


def _is_patch(one: Release, following: Release) -> bool:
    """v1.4.1 soon after v1.4.0."""
    same = one.name.rpartition(".")[0] == following.name.rpartition(".")[0]
    return same and following.time - one.time <= PATCH_DAYS * DAY_S


def _quantiles(days: Sequence[float]) -> dict[str, Any]:
    median, p90 = np.quantile(days, [0.5, 0.9]).tolist() if days else (None, None)
    return {"median": median, "p90": p90}


def _lines(root: Path, *words: str) -> list[str]:
    return (git(root, *words) or "").splitlines()
