"""The models that were registered: one folder a version, and names that point at versions."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..utils.files import read_json, sha256_of_file, write_json
from ..utils.locks import locked
from .scorer import ENTRY

MODELS = "models"
ALIASES = "aliases.json"
CHAMPION, CHALLENGER = "champion", "challenger"
# previous: what the champion took the place of. withdrawn: what a rollback took out of use.
PREVIOUS, WITHDRAWN = "previous", "withdrawn"
REFERENCE = "reference.json"
# What a killed `register` left is swept by a later one, when nobody can still be writing it.
LEFT_OVER_S = 3600.0
Array = NDArray[Any]


@dataclass(frozen=True)
class Entry:
    """A registered model: its folder, and what entry.json says of it."""

    folder: Path
    facts: dict[str, Any]

    @property
    def version(self) -> str:
        """A whole number, as text."""
        return str(self.facts["version"])

    def tampered(self) -> list[str]:
        """A sentence for each file that is not the one that was registered."""
        found = []
        for name, digest in self.facts["files"].items():
            path = self.folder / name
            if not path.is_file():
                found.append(f"{path}: no such file")
            elif sha256_of_file(path) != digest:
                found.append(f"{path}: not the file that was registered (its sha256 differs)")
        return found

    def reference(self) -> tuple[Array, Array]:
        """The middle of train: medians (NaN for none), shape (n_numeric,), and commonest texts."""
        said = read_json(self.folder / REFERENCE)
        numbers = [np.nan if value is None else value for value in said["numbers"]]
        return np.array(numbers, dtype=np.float64), np.array(said["texts"], dtype=object)


def register(root: Path, parts: Path, facts: dict[str, Any], above: int = 0) -> Entry:
    """A new version with the files of the folder `parts`, which is left as it is.

    above: the highest number that is known to have been given, perhaps on another machine.

    The version appears whole or not at all: it is put together under another name and then
    renamed. Of two at once each gets a number of its own.
    """
    models = root / MODELS
    models.mkdir(parents=True, exist_ok=True)
    _sweep(models)
    staged = Path(tempfile.mkdtemp(prefix=".new-", dir=models))
    try:
        for path in sorted(parts.iterdir()):
            shutil.copy2(path, staged / path.name)
        files = {path.name: sha256_of_file(path) for path in sorted(staged.iterdir())}
        staged.chmod(0o755)  # made for its owner alone; a service may run as somebody else
        return _take_number(root, staged, facts | {"files": files}, above)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def find(root: Path, name: str = CHAMPION) -> Entry:
    """The version of that number, or the one that an alias points at.

    Raises ValueError that says what to run.
    """
    known = aliases(root)
    version = known.get(name, name)
    path = root / MODELS / version / ENTRY
    if version.isdecimal() and path.is_file():
        return Entry(path.parent, dict(read_json(path)))
    if name in known:
        raise ValueError(
            f"{MODELS}/{version}: no such version, and '{name}' points at it; bring the folder back"
        )
    if not versions(root):
        raise ValueError(f"{MODELS}/: no model is registered; run `evaluate`, then `register`")
    if name == CHAMPION:
        raise ValueError(f"{MODELS}/: no model is champion yet; run `promote-model`")
    there = ", ".join([*map(str, versions(root)), *known])
    what = "`register` makes one" if name == CHALLENGER else f"there are {there}"
    raise ValueError(f"{MODELS}/: there is no '{name}'; {what}")


def entries(root: Path) -> list[Entry]:
    """Every version, the oldest first."""
    return [find(root, str(version)) for version in versions(root)]


def versions(root: Path) -> list[int]:
    """The numbers of all versions, in order."""
    found = (root / MODELS).glob(f"*/{ENTRY}")
    return sorted(int(path.parent.name) for path in found if path.parent.name.isdecimal())


def aliases(root: Path) -> dict[str, str]:
    """Which name points at which version."""
    path = root / MODELS / ALIASES
    return dict(read_json(path)) if path.is_file() else {}


def set_alias(root: Path, alias: str, version: str) -> None:
    """Point a name at a version; raises ValueError if there is no such version."""
    set_aliases(root, {alias: version})


def set_aliases(
    root: Path, changes: Mapping[str, str | None], *, seen: Mapping[str, str | None] | None = None
) -> None:
    """Point several names at versions at one stroke; None takes a name away.

    seen: what the caller decided on; raises ValueError where somebody else has moved it since.
    """
    for version in filter(None, changes.values()):
        find(root, version)
    with locked(root / MODELS / ".lock"):
        known = aliases(root)
        for name, before in (seen or {}).items():
            if known.get(name) != before:
                raise ValueError(
                    f"{MODELS}/{ALIASES}: {name} is {known.get(name)} now and was {before} a "
                    f"moment ago; somebody else promotes too: look, then run it again"
                )
        moved = {**known, **changes}
        kept = {name: version for name, version in sorted(moved.items()) if version is not None}
        write_json(root / MODELS / ALIASES, kept)


def _take_number(root: Path, staged: Path, facts: dict[str, Any], above: int) -> Entry:
    """Rename the folder to the next number; where somebody else took it, to the one after."""
    while True:
        taken = [above, *versions(root), *(int(v) for v in aliases(root).values())]
        version = max(taken) + 1
        entry = {"version": str(version), **facts}
        write_json(staged / ENTRY, entry)
        folder = root / MODELS / str(version)
        try:
            staged.rename(folder)
        except OSError:
            if folder.exists():
                continue
            raise
        return Entry(folder, entry)


def _sweep(models: Path) -> None:
    for path in models.glob(".new-*"):
        with suppress(FileNotFoundError):  # another process has just finished with it
            if time.time() - path.stat().st_mtime > LEFT_OVER_S:
                shutil.rmtree(path, ignore_errors=True)
