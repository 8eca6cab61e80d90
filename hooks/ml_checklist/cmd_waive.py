"""`checklist waive`: what applies is not met, for a time, by leave of another person."""

import argparse

from ml_checklist import catalog, opening, state, statefiles, ticks, waivers
from ml_checklist.errors import DataError


def run(args: argparse.Namespace) -> bool:
    """Write the waiver; refused when it could not stand."""
    project = opening.project(args)
    item = catalog.find_item(project.catalog, args.item)
    given = ticks.load(project.home, project.catalog, project.today).entries.get(item.id)
    status = state.status_of(item, project, given, None)
    if status.state in (state.PASS, state.NOT_APPLICABLE):
        raise DataError(f"{item.id}: is {status.state} ({status.sentence}); nothing to waive")
    waiver = {
        "reason": args.reason.strip(),
        "by": opening.signature(project.home, args.by),
        "approver": args.approver.strip(),
        "date": project.today.isoformat(),
        "until": args.until,
        "item_rev": item.rev,
    }
    if not waiver["reason"]:
        raise DataError(f"{item.id}: --reason is empty; say why it is not met")
    faults = [
        *waivers.faults(waiver, project.today),
        *(p.text for p in statefiles.bad_dates(waiver, "", "until")),
    ]
    if faults:
        raise DataError(*(f"{item.id}: {fault}" for fault in faults))
    name = waivers.write(project.home, item.id, waiver)
    print(
        f"waived    {item.id}  until {args.until}  {name}; {args.approver} approves it in "
        "the pull request"
    )
    return True
