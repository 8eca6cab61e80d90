"""`checklist diff` and `news`: what a branch changes, and what the last update brought."""

import argparse
from itertools import groupby
from pathlib import Path

from ml_checklist import origin
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, formats, given
from ml_checklist.compare import diff as comparison
from ml_checklist.compare import news as updates
from ml_checklist.compare.news import KINDS, Entry
from ml_checklist.errors import DataError, clean
from ml_checklist.render import data
from ml_checklist.render import diff as rendering
from ml_checklist.render.style import code


def diff(args: argparse.Namespace) -> bool:
    """Print the comparison; False on a regression, or when a file that decides was touched."""
    proofs = Path(args.base_proofs) if args.base_proofs else None
    if proofs and not proofs.is_file():
        remedy = "leave it out, and test-proven items are unknown at base"
        raise DataError(f"--base-proofs: {proofs} does not exist; {remedy}")
    found = comparison.compare(common.project(args), args.base, base_proofs=proofs)
    if args.format == "json":
        print(data.dump(rendering.data(found)))
    else:
        print((rendering.markdown if args.format == "md" else rendering.text)(found))
    common.refuse_broken(found.head)
    return not found.regressed


def news(args: argparse.Namespace) -> bool:
    survey = common.surveyed(args)
    project = survey.project
    revision = updates.previous(project, args.since)
    old = updates.old_items(project, revision)
    found = updates.entries(survey, old, revision) if old else []
    found += updates.lost_edits(project, revision)
    if args.format == "json":
        print(data.dump([entry._asdict() for entry in found]))
    elif args.format == "md":
        versions = origin.version_at(project.home, revision), origin.read(project.home).version
        print(_markdown(found, versions))
    else:
        lines = [f"{e.since:7} {e.word:10} {e.item:36} {clean(e.sentence)}" for e in found]
        first = "no news: this is the first catalog that the history knows"
        print("\n".join(lines) or (f"no news since {revision}" if old else first))
    return True


def _markdown(entries: list[Entry], versions: tuple[str, str]) -> str:
    before, now = (code(version) if version else "an unknown version" for version in versions)
    counted = {kind: sum(entry.word == kind for entry in entries) for kind in KINDS}
    changes = ", ".join(f"{n} {kind}" for kind, n in counted.items() if n)
    moved = f"The template moves from {before} to {now}: " if versions[0] != versions[1] else ""
    headline = f"{moved}{changes or 'no item of the checklist changes'}."
    lines = [f"**checklist news** {headline}", ""]
    for since, group in groupby(entries, key=lambda entry: entry.since):
        lines += rendering.table(since, [(e.word, e.item, e.sentence) for e in group])
    return "\n".join(lines)


_BASE = given("base", metavar="BASE", help="the branch or commit to compare with")
_PROOFS_HELP = "the test report of BASE, .checklist/proofs.json of its last run"
_PROOFS = given("--base-proofs", metavar="FILE", help=_PROOFS_HELP)
_CALENDAR_HELP = "accepted, as `gate` accepts it; changes nothing"
_CALENDAR = given("--calendar", action="store_true", help=_CALENDAR_HELP)
_SINCE_HELP = "compare with the catalog of this commit; default: before its last change"
_SINCE = given("--since", metavar="REV", help=_SINCE_HELP)
_FORMATS = formats("text", "md", "json")
COMMANDS: dict[str, Command] = {
    "diff": (diff, (_BASE, _PROOFS, _CALENDAR, _FORMATS)),
    "news": (news, (_SINCE, _FORMATS)),
}
