"""Refuse a version that must not predict: forbidden columns, no valid signature."""

from pathlib import Path

from ..model import store
from .settings import PATH, Governance, load_governance


def check(root: Path, folder: Path) -> None:
    """Raise ValueError with the reason; service and batch call this before they load a version."""
    settings = load_governance(root)
    columns = store.read_description(folder)["columns"]
    if used := forbidden_in(settings, columns):
        raise ValueError(f"models/{folder.name}: {used[0]}; train without it")
    if settings.signatures.required:
        from .sign import check_signature  # cryptography takes 60 ms to import

        check_signature(folder, root / settings.signatures.public_key)


def forbidden_in(settings: Governance, columns: list[str]) -> list[str]:
    """One sentence for each forbidden column among these."""
    rules = {one.column: one.reason for one in settings.forbidden if one.column in columns}
    return [f"column '{name}' is forbidden in {PATH}: {reason}" for name, reason in rules.items()]
