"""`checklist draft`: write what reports and facts know into the documents, for a person to sign."""

import argparse

from ml_checklist import files
from ml_checklist.catalog.items import Catalog
from ml_checklist.catalog.load import find_item
from ml_checklist.commands import common
from ml_checklist.commands.common import Command, given
from ml_checklist.errors import DataError, nearest
from ml_checklist.probes.tree import Tree
from ml_checklist.state import drafts


def draft(args: argparse.Namespace) -> bool:
    """Draft each item that was named, or all that can be drafted; nothing written is replaced."""
    project = common.project(args)
    chosen = [_known(project.catalog, name) for name in args.items]
    for name in chosen or drafts.DRAFTS:
        try:
            # A fresh tree each time: the draft before may be in the same document.
            tree = Tree(project.tree.root, paths=project.tree.paths)
            file, text = drafts.filled(tree, project.facts, name)
        except DataError as error:
            if chosen:
                raise DataError(f"{name}: {error}") from None
            print(f"left      {name}  {error}")
            continue
        files.write(project.tree.root / file, text)
        print(f"drafted   {name}  {file}; read it, correct it, then `checklist tick {name}`")
    return True


def _known(catalog: Catalog, name: str) -> str:
    item = find_item(catalog, name)
    if item.id not in drafts.DRAFTS:
        raise DataError(f"{item.id}: has no draft{nearest(item.id, drafts.DRAFTS)}")
    return item.id


_ITEMS_HELP = f"of {', '.join(drafts.DRAFTS)}; default: all"
COMMANDS: dict[str, Command] = {
    "draft": (draft, (given("items", nargs="*", metavar="ID", help=_ITEMS_HELP),)),
}
