"""From git: how long a change waits for a release, and the share of failed releases: `lead-time`.

Source: the four keys of https://dora.dev/guides/dora-metrics-four-keys/
"""

import argparse
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..registry.promote import read_history
from ..utils.files import write_json
from ..utils.logs import log
from .settings import load_operations

REPORT = Path("reports", "lead-time.json")
TAGS, CODE, FEATURES = "v*", "src", "src/*/model/features.py"
DAY_S = 86_400
REVERTS = r"This reverts commit ([0-9a-f]{40})"


@dataclass(frozen=True)
class Release:
    """A tag: when it was made in seconds since 1970, and what lies between it and the last one."""

    name: str
    time: int
    range: str


@dataclass(frozen=True)
class Change:
    """A merge, or a commit on the main branch; times in seconds since 1970.

    started: the first commit of its branch. release: the first that has it, or None.
    """

    commit: str
    started: int
    merged: int
    release: Release | None

    def days(self, now: float, since: int | None = None) -> float:
        """From its first commit, or a moment, to its release; until now where there is none."""
        end = self.release.time if self.release else now
        return (end - (self.started if since is None else since)) / DAY_S


def run(args: argparse.Namespace) -> None:
    """Write reports/lead-time.json."""
    settings, now = load_operations(args.root, args.overrides).delivery, datetime.now(UTC)
    found = describe(args.root, now, settings.patch_days)
    write_json(args.root / REPORT, {"date": now.date().isoformat(), **found})
    times, failed = found["lead_time_days"], found["failed"]
    released = f"{found['n_changes']} changes in {found['n_releases']} releases"
    shown = f"median {times['median']:.1f} days, 9 of 10 within {times['p90']:.1f}"
    log("lead-time", f"{released}; {shown}")
    names = ", ".join(failed["releases"]) or "none"
    log("", f"failed    {failed['share']:.0%} of the releases: {names}")
    log("", f"record    {REPORT.as_posix()}")


def describe(root: Path, now: datetime, patch_days: float) -> dict[str, Any]:
    """The content of reports/lead-time.json; raises ValueError where nothing was released."""
    every = releases(root)
    if not every:
        raise ValueError(f"git: no tag like {TAGS} is an ancestor of HEAD; make a release first")
    done = [change for one in every for change in changes(root, one.range, CODE, one)]
    features = [change for one in every for change in changes(root, one.range, FEATURES, one)]
    open_ = changes(root, f"{every[-1].name}..HEAD", CODE, None)
    if not done:
        raise ValueError(f"git: no release changed {CODE}/")
    failed = failures(root, every, patch_days)
    weeks = max((every[-1].time - every[0].time) / DAY_S / 7, 1)
    moment = now.timestamp()
    return {
        "n_releases": len(every),
        "n_changes": len(done),
        "releases_per_week": len(every) / weeks,
        "lead_time_days": _quantiles([one.days(moment) for one in done]),
        "wait_days": _quantiles([one.days(moment, one.merged) for one in done]),
        "features": {
            "n": len(features),
            "lead_time_days": _quantiles([one.days(moment) for one in features]),
        },
        "failed": {"n": len(failed), "share": len(failed) / len(every), "releases": failed},
        "unreleased": {
            "n": len(open_),
            "oldest_days": max((one.days(moment) for one in open_), default=0.0),
        },
    }


def releases(root: Path) -> list[Release]:
    """The release tags that HEAD has, the oldest first."""
    words = ["tag", "--merged", "HEAD", "--list", TAGS, "--sort=creatordate"]
    lines = _git(root, *words, "--format=%(refname:short) %(creatordate:unix)").splitlines()
    tags = [line.split() for line in lines]
    before = [None, *[name for name, _ in tags]]
    return [
        Release(name, int(time), f"{last}..{name}" if last else name)
        for (name, time), last in zip(tags, before, strict=False)
    ]


def changes(root: Path, commits: str, path: str, release: Release | None) -> list[Change]:
    """What the main branch took in, of a range of commits, that touches this path."""
    lines = _git(root, "log", "--first-parent", "--format=%H %ct %P", commits, "--", path)
    found = []
    for commit, merged, *parents in map(str.split, lines.splitlines()):
        own = f"{parents[0]}..{commit}" if parents else commit
        authored = _git(root, "log", "--format=%at", own).split()
        found.append(Change(commit, min(map(int, authored)), int(merged), release))
    return found


def failures(root: Path, every: Sequence[Release], patch_days: float) -> list[str]:
    """Releases that were patched within days, reverted in part, or whose model was rolled back."""
    rolled_back = [
        datetime.fromisoformat(one["created"]).timestamp()
        for one in read_history(root)
        if one["how"] == "rollback"
    ]
    found = []
    for one, following in zip(every, [*every[1:], None], strict=True):
        end = following.time if following else float("inf")
        is_patched = following and _is_patch(one, following, patch_days)
        is_rolled_back = any(one.time <= time < end for time in rolled_back)
        if is_patched or is_rolled_back or _is_reverted(root, one):
            found.append(one.name)
    return found


def _is_patch(one: Release, following: Release, days: float) -> bool:
    """v1.4.1 soon after v1.4.0."""
    same = one.name.rpartition(".")[0] == following.name.rpartition(".")[0]
    return same and following.time - one.time <= days * DAY_S


def _is_reverted(root: Path, one: Release) -> bool:
    """A later commit reverts one of this release."""
    words = ("--format=%B", "--grep=This reverts commit", f"{one.name}..HEAD")
    reverted = re.findall(REVERTS, _git(root, "log", *words))
    return not set(reverted).isdisjoint(_git(root, "rev-list", one.range).split())


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"median": None, "p90": None}
    median, p90 = np.quantile(values, [0.5, 0.9]).tolist()
    return {"median": median, "p90": p90}


def _git(root: Path, *words: str) -> str:
    """Its output; nothing outside a repository or before the first commit."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""
