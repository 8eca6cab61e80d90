"""`checklist tick`, `waive`, `decline` and `reopen`: what a person signs off or sets aside."""

import argparse
from typing import Any

from ml_checklist import probes
from ml_checklist.catalog.items import Item
from ml_checklist.catalog.load import find_item
from ml_checklist.commands import common
from ml_checklist.commands.common import Argument, Command, given
from ml_checklist.errors import DataError
from ml_checklist.probes.finding import FOUND, UNKNOWN, Finding
from ml_checklist.state import evidence, gate, records, set_aside, signatures, survey
from ml_checklist.state.project import Project
from ml_checklist.state.status import NOT_APPLICABLE, PASS, status_of


def tick(args: argparse.Namespace) -> bool:
    """Write one file for each item; nothing is written when one of them is refused."""
    project = common.project(args)
    if not args.items:
        _ask(project, args)
    by = common.signature(project.home, args.by)
    items = [find_item(project.catalog, name) for name in args.items]
    made = [(item, _tick(project, item, args, by)) for item in items]
    for item, each in made:
        file = signatures.write(project.home, "ticks", item.id, each)
        print(f"{each['status']:8}  {item.id}  by {by}  {file}")
        if args.na is None and not args.evidence:
            print(f"          evidence {', '.join(entry['path'] for entry in each['evidence'])}")
        for old in item.data.get("was") or ():  # the new file replaces the one of a former id
            (project.home / f"checklist/ticks/{old}.yml").unlink(missing_ok=True)
    return True


def _tick(project: Project, item: Item, args: argparse.Namespace, by: str) -> dict[str, Any]:
    base = {"by": by, "date": project.today.isoformat(), "item_rev": item.rev}
    if args.na is not None:
        approver = {"approver": args.approver.strip()} if args.approver else {}
        entry = {"status": "not-applicable", **base, **approver, "reason": args.na.strip()}
        return _admissible(project, item, entry)
    finding = _refuse_by_hand(project, item)
    cited = args.evidence or evidence.proposed(project.tree, item, finding)
    if not cited:
        raise DataError(f"{item.id}: needs evidence; add -e {gate.expected(item)}")
    entries = [_entry(project, item, each, args.note) for each in cited]
    return _admissible(project, item, {"status": "done", **base, "evidence": entries})


def _admissible(project: Project, item: Item, entry: dict[str, Any]) -> dict[str, Any]:
    """The entry, or DataError with every reason why it would not count."""
    bad = [p.text for p in records.bad_dates(entry, "", *({"until"} & entry.keys()))]
    faults = bad or signatures.inadmissible(entry, item, project.facts)
    faults = faults or signatures.malformed(entry, item, project.today)
    if faults:
        raise DataError(*(f"{item.id}: {fault}" for fault in faults))
    return entry


def _refuse_by_hand(project: Project, item: Item) -> Finding | None:
    """Refuse to tick what a probe decides, or what its probe does not find; else its finding."""
    if item.kind == "auto":
        why = "its probe decides, nobody can tick it"
        raise DataError(f"{item.id}: {why}; see `checklist show {item.id}`")
    if item.applies(project.facts).value is False:
        why = f"{item.data['when']} is false"
        raise DataError(f"{item.id}: does not apply to this project ({why}); nothing to tick")
    if item.kind != "hybrid" or not item.probe:
        return None
    finding = probes.run(project.tree, item.probe, item.id, item.title)
    if finding.outcome != FOUND:
        hint = f"; {finding.remedy}" if finding.outcome == UNKNOWN and finding.remedy else ""
        raise DataError(f"{item.id}: its probe is not green: {finding.sentence}{hint}")
    return finding


def _entry(project: Project, item: Item, reference: str, note: str | None) -> dict[str, Any]:
    try:
        entry = evidence.cite(project.tree, reference)
    except ValueError as error:
        raise DataError(f"{item.id}: {error}") from None
    return {**entry, "note": note.strip()} if note and note.strip() else entry


def _ask(project: Project, args: argparse.Namespace) -> None:
    common.require_terminal("give an item: checklist tick ID -e PATH|URL")
    import questionary  # slow to import, and only a terminal needs it

    phase = gate.working_towards(project.phase)
    left = gate.still_open(survey.take(project), phase, calendar=True)
    ready = [s.item for s in left if s.item.kind != "auto" and s.state != "fail"]
    titles = {f"{item.id}  {item.title}": item for item in ready}
    if not titles:
        raise DataError("no open item waits for a person")
    which = questionary.select(
        "Which one?", choices=list(titles), use_search_filter=True, use_jk_keys=False
    )
    item = titles[common.answered(which.ask())]
    args.items = [item.id]
    print("\n" + "\n".join(item.steps))
    if not args.evidence and args.na is None:
        expected = (item.data.get("evidence") or {}).get("files") or [""]
        question = "Evidence, a path, path#heading or address:"
        args.evidence = [common.answered(questionary.text(question, default=expected[0]).ask())]


def waive(args: argparse.Namespace) -> bool:
    """Write the waiver; refused when it could not stand."""
    project = common.project(args)
    by = common.signature(project.home, args.by)
    approver = args.approver.strip() if args.approver else by
    given = {"reason": args.reason.strip(), "by": by, "approver": approver, "until": args.until}
    item, name = _put(project, args.item, "waivers", given)
    print(f"waived    {item.id}  until {args.until}  {name}", end="")
    others = not set_aside.same_person(approver, by)
    print(f"; {approver} approves it in the pull request" if others else "")
    return True


def _put(project: Project, name: str, folder: str, given: dict[str, Any]) -> tuple[Item, str]:
    """Write a waiver or a decline of an item that is open; the item and the file."""
    item = find_item(project.catalog, name)
    status = status_of(item, project, survey.read_state(project).ticks.entries.get(item.id))
    if status.state in (PASS, NOT_APPLICABLE):
        word = "waive" if folder == "waivers" else "decline"
        raise DataError(f"{item.id}: is {status.state} ({status.sentence}); nothing to {word}")
    entry = {**given, "date": project.today.isoformat(), "item_rev": item.rev}
    entry = _admissible(project, item, entry)
    return item, signatures.write(project.home, folder, item.id, entry)


def decline(args: argparse.Namespace) -> bool:
    """Write the decline of a `should`, which holds until the item changes."""
    project = common.project(args)
    by = common.signature(project.home, args.by)
    item, name = _put(project, args.item, "declines", {"reason": args.reason.strip(), "by": by})
    print(f"declined  {item.id}  by {by}  {name}")
    return True


def reopen(args: argparse.Namespace) -> bool:
    project = common.project(args)
    files = []
    for name in args.items:
        item = find_item(project.catalog, name)
        names = (item.id, *(item.data.get("was") or ()))
        folders = [project.home / "checklist" / each for each in signatures.SHAPES]
        paths = [folder / f"{each}.yml" for folder in folders for each in names]
        own = [path for path in paths if path.is_file()]
        if not own:
            raise DataError(f"{item.id}: has no tick, waiver or decline; nothing to take back")
        files += own
    for path in files:
        path.unlink()
        print(f"reopened  {path.relative_to(project.home).as_posix()}")
    return True


def _reason(help_: str) -> Argument:
    return given("--reason", required=True, metavar="SENTENCE", help=help_)


def _by(acts: str) -> Argument:
    return given("--by", metavar="HANDLE", help=f"who {acts}; git's author by default")


_ITEM = given("item", metavar="ID")
_WORK = "a file, folder, file#heading or address; may be given again"
_EVIDENCE_HELP = f"{_WORK}; default: what the item names"
_AGREES_HELP = "with --na of a `must`: who agrees; somebody else"
_ALLOWS_HELP = "who allows it; of a `must` somebody else, unless the fact team is false"
_UNTIL_HELP = f"the last day, at most {signatures.MAX_DAYS} days from now"
_TICK = (
    given("items", nargs="*", metavar="ID", help="without one, it asks"),
    given("-e", "--evidence", action="append", default=[], metavar="PATH|URL", help=_EVIDENCE_HELP),
    given("--na", metavar="REASON", help="it does not apply, and why"),
    given("--approver", metavar="HANDLE", help=_AGREES_HELP),
    given("--note", help="a remark beside the evidence"),
    _by("signs"),
)
_WAIVE = (
    _ITEM,
    _reason("why it is not met"),
    given("--until", required=True, metavar="DATE", help=_UNTIL_HELP),
    given("--approver", metavar="HANDLE", help=_ALLOWS_HELP),
    _by("asks"),
)
COMMANDS: dict[str, Command] = {
    "tick": (tick, _TICK),
    "waive": (waive, _WAIVE),
    "decline": (decline, (_ITEM, _reason("why it is not worth its effort here"), _by("decides"))),
    "reopen": (reopen, (given("items", nargs="+", metavar="ID"),)),
}
