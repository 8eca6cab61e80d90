"""Registered models: one folder a version in models/, and aliases that name versions."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..utils.files import read_json, sha256_of_file, write_json
from ..utils.names import hint

MODELS, ALIASES, FACTS = "models", "aliases.json", "version.json"
# challenger: the newest version. previous: the version that was champion before.
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
READ_ONLY = 0o444


def resolve(root: Path, name: str = CHAMPION) -> Path:
    """The folder of a version (`3`) or of an alias (`champion`).

    Raises ValueError that names the nearest versions and aliases, or the command to run.
    """
    known = aliases(root)
    number = known.get(name, name)
    folder = root / MODELS / number
    if number.isdecimal() and (folder / FACTS).is_file():
        return folder
    if name in known:
        raise ValueError(f"{MODELS}/{number}: no such folder, and '{name}' is this version")
    if not numbers(root):
        raise ValueError(f"{MODELS}/: no model is registered; run `evaluate`, then `register`")
    if name == CHAMPION:
        raise ValueError(f"{MODELS}/: no version is champion; run `promote`")
    there = [*map(str, numbers(root)), *known]
    raise ValueError(f"{MODELS}/{name}: no such version or alias; {hint(name, there)}")


def numbers(root: Path) -> list[int]:
    """The numbers of all versions, in order."""
    found = (root / MODELS).glob(f"*/{FACTS}")
    return sorted(int(path.parent.name) for path in found if path.parent.name.isdecimal())


def aliases(root: Path) -> dict[str, str]:
    """Alias -> version."""
    path = root / MODELS / ALIASES
    return dict(read_json(path)) if path.is_file() else {}


def read_facts(folder: Path) -> dict[str, Any]:
    """What version.json says about a version: version, run, model, created, files, ..."""
    return dict(read_json(folder / FACTS))


def changed_files(folder: Path) -> list[str]:
    """One sentence for each file of a version that is missing, or not the registered one."""
    found = []
    for name, digest in read_facts(folder)["files"].items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path}: no such file; register the run again")
        elif sha256_of_file(path) != digest:
            found.append(f"{path}: its sha256 is not the registered one; register the run again")
    return found


def add(root: Path, files: Path, facts: Mapping[str, Any], above: int = 0) -> Path:
    """The folder of a new version with read-only copies of the files in the folder `files`.

    above: the highest number ever used, perhaps on another machine. The version appears whole or
    not at all: its folder is renamed when it is complete. It becomes the challenger.
    """
    with _locked(root):
        staged = root / MODELS / ".new"
        shutil.rmtree(staged, ignore_errors=True)  # what an interrupted call has left
        shutil.copytree(files, staged)
        known = aliases(root)
        version = str(max([above, *numbers(root), *map(int, known.values())]) + 1)
        digests = {path.name: sha256_of_file(path) for path in sorted(staged.iterdir())}
        write_json(staged / FACTS, {"version": version, **facts, "files": digests})
        for path in staged.iterdir():
            path.chmod(READ_ONLY)
        folder = staged.rename(root / MODELS / version)
        write_json(root / MODELS / ALIASES, known | {CHALLENGER: version})
    return folder


def move_champion(root: Path, version: str, *, seen: str | None) -> None:
    """Make a version champion and the champion previous, in one write.

    seen: the champion that the decision was about; raises ValueError if it is another one now.
    """
    with _locked(root):
        known = aliases(root)
        if known.get(CHAMPION) != seen:
            raise ValueError(f"{MODELS}/{ALIASES}: the champion has just changed; run it again")
        previous = {} if seen is None else {PREVIOUS: seen}
        write_json(root / MODELS / ALIASES, known | {CHAMPION: version} | previous)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Within, no other process changes models/."""
    from filelock import FileLock

    (root / MODELS).mkdir(exist_ok=True)
    with FileLock(root / MODELS / ".lock"):
        yield
