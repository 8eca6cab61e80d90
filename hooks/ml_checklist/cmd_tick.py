"""`checklist tick`: vouch for an item, with evidence, or say why it does not apply."""

import argparse
from typing import Any

from ml_checklist import catalog, evidence, opening, probes, ticks
from ml_checklist.errors import DataError
from ml_checklist.finding import FOUND, UNKNOWN
from ml_checklist.items import Item
from ml_checklist.project import Project


def run(args: argparse.Namespace) -> bool:
    """Write one file for each item; nothing is written when one of them is refused."""
    project = opening.project(args)
    if not args.items:
        from ml_checklist import prompts

        prompts.ask_tick(project, args)
    by = opening.signature(project.home, args.by)
    items = [catalog.find_item(project.catalog, name) for name in args.items]
    made = [(item, _tick(project, item, args, by)) for item in items]
    for item, tick in made:
        print(f"{tick['status']:8}  {item.id}  by {by}  {ticks.write(project.home, item.id, tick)}")
        _drop_former(project, item)
    return True


def _tick(project: Project, item: Item, args: argparse.Namespace, by: str) -> dict[str, Any]:
    base = {"by": by, "date": project.today.isoformat(), "item_rev": item.rev}
    if args.na is not None:
        refuse_na(item, args.na)
        return {"status": "not-applicable", **base, "reason": args.na.strip()}
    refuse_by_hand(project, item)
    if not args.evidence:
        expected = (item.data.get("evidence") or {}).get("files") or ["PATH|URL"]
        raise DataError(f"{item.id}: needs evidence; add -e {expected[0]}")
    return {
        "status": "done",
        **base,
        "evidence": [_entry(project, item, each, args.note) for each in args.evidence],
    }


def refuse_na(item: Item, reason: str) -> None:
    """Refuse a `--na` without a reason, or for what a tool measures and every project must have."""
    if not reason.strip():
        raise DataError(f"{item.id}: --na needs a reason")
    if item.kind == "auto" and item.level == "must":
        raise DataError(
            f"{item.id}: a tool measures this and it is a must; use `checklist waive` for a time"
        )


def refuse_by_hand(project: Project, item: Item) -> None:
    """Refuse to tick what a probe decides, or what its probe says is not so."""
    if item.kind == "auto":
        raise DataError(
            f"{item.id}: its probe is the tick, no hand can be; see `checklist show {item.id}`"
        )
    answer = item.applies(project.facts)
    if answer.value is False:
        raise DataError(
            f"{item.id}: does not apply to this project ({item.data['when']} is false); "
            "nothing to tick"
        )
    if item.kind == "hybrid" and item.probe:
        finding = probes.run(project.tree, item.probe, item.id, item.title)
        if finding.outcome != FOUND:
            hint = f"; {finding.remedy}" if finding.outcome == UNKNOWN and finding.remedy else ""
            raise DataError(f"{item.id}: its probe is not green: {finding.sentence}{hint}")


def _entry(project: Project, item: Item, reference: str, note: str | None) -> dict[str, Any]:
    kind = "url" if reference.startswith(("http://", "https://")) else "path"
    if kind not in item.accept:
        raise DataError(f"{item.id}: accepts {' or '.join(item.accept)} as evidence, not a {kind}")
    try:
        entry = evidence.cite(project.tree, reference)
    except ValueError as error:
        raise DataError(f"{item.id}: {error}") from None
    return {**entry, "note": note.strip()} if note and note.strip() else entry


def _drop_former(project: Project, item: Item) -> None:
    """Delete the file under a former id, which the new one replaces: two would be two answers."""
    for old in item.data.get("was") or ():
        (project.home / f"checklist/ticks/{old}.yml").unlink(missing_ok=True)
