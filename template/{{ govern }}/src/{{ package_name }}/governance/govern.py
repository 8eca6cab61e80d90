"""Check the policy: `govern` exits with 1 where a forbidden column is used."""

import argparse
from pathlib import Path

from ..configs.load import load_project
from ..dataloader.schema import read_schema
from ..model import store
from ..registry.versions import aliases, resolve
from ..utils.errors import CheckFailed
from ..utils.logs import log
from .settings import load_governance
from .subjects import record_subjects
from .version_check import forbidden_in


def run(args: argparse.Namespace) -> None:
    """Before training, and in CI; raises CheckFailed with a line for each column."""
    record_subjects(args.root)
    found = check(args.root)
    if found:
        raise CheckFailed("\n".join(found))
    n = len(load_governance(args.root).forbidden)
    log("govern", f"none of {n} forbidden columns is used")


def check(root: Path) -> list[str]:
    """Sentences about forbidden columns that would be features, or are in a model of an alias."""
    settings, data = load_governance(root), load_project(root).data
    schema = read_schema(root)
    unused = {*data.ignore, data.target, data.id, data.weight}
    columns = [name for name in (schema.columns if schema else ()) if name not in unused]
    found = [f"{one}; add it to data.ignore" for one in forbidden_in(settings, columns)]
    for alias, number in aliases(root).items():
        used = store.read_description(resolve(root, number))["columns"]
        found += [f"{alias} (version {number}): {one}" for one in forbidden_in(settings, used)]
    return found
