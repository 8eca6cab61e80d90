"""Refuse forbidden columns, and versions without a valid signature: `policy`."""

import argparse
from pathlib import Path

from ..configs.load import load_project
from ..dataloader.schema import read_schema
from ..model import store
from ..registry.versions import CHAMPION, aliases, resolve
from ..utils.errors import CheckFailed
from ..utils.logs import log
from .settings import PATH, load_governance
from .subjects import record_subjects


def run(args: argparse.Namespace) -> None:
    """Check features and champion; raises CheckFailed with a line for each fault."""
    root, data, schema = args.root, load_project(args.root).data, read_schema(args.root)
    record_subjects(root)
    unused = {*data.ignore, data.target, data.id, data.weight}
    columns = [name for name in (schema.columns if schema else ()) if name not in unused]
    found = [f"{one}; add it to data.ignore" for one in forbidden_in(root, columns)]
    if CHAMPION in aliases(root):
        try:
            check_version(root, resolve(root))
        except ValueError as error:
            found.append(str(error))
    if found:
        raise CheckFailed("\n".join(found))
    log("policy", f"none of {len(load_governance(root).forbidden)} forbidden columns is used")


def check_version(root: Path, folder: Path) -> None:
    """Raise ValueError with the reason; service and batch call this before they load a version."""
    key = load_governance(root).public_key
    if used := forbidden_in(root, store.read_description(folder)["columns"]):
        raise ValueError(f"models/{folder.name}: {used[0]}; train without it")
    if key is not None:
        from .sign import check_signature  # cryptography takes 60 ms to import

        check_signature(folder, root / key)


def forbidden_in(root: Path, columns: list[str]) -> list[str]:
    """One sentence for each forbidden column among these."""
    reasons = load_governance(root).forbidden
    used = [name for name in columns if name in reasons]
    return [f"column '{name}' is forbidden in {PATH}: {reasons[name]}" for name in used]
