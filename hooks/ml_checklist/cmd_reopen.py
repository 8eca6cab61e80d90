"""`checklist reopen`: take a tick or a waiver back."""

import argparse

from ml_checklist import catalog, opening
from ml_checklist.errors import DataError


def run(args: argparse.Namespace) -> bool:
    """Delete the files of the items; refused when one has none."""
    project = opening.project(args)
    files = []
    for name in args.items:
        item = catalog.find_item(project.catalog, name)
        names = (item.id, *(item.data.get("was") or ()))
        paths = [
            project.home / f"checklist/{kind}/{each}.yml"
            for kind in ("ticks", "waivers")
            for each in names
        ]
        own = [path for path in paths if path.is_file()]
        if not own:
            raise DataError(f"{item.id}: has no tick and no waiver; nothing to take back")
        files += own
    for path in files:
        path.unlink()
        print(f"reopened  {path.relative_to(project.home).as_posix()}")
    return True
