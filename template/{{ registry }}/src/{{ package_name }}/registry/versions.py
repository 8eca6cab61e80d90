"""Registered models: one folder a version in models/, and aliases that name versions."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..model.store import DESCRIPTION
from ..utils.files import read_json, write_json
from ..utils.names import hint

MODELS, ALIASES = "models", "aliases.json"
# challenger: the newest version. previous: the version that was champion before.
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
# Raw rows of train, and what the model predicted for them when it was registered.
BACKGROUND, PREDICTIONS = "background.parquet", "predictions.parquet"


def resolve(root: Path, name: str = CHAMPION) -> Path:
    """The folder of a version (`3`) or of an alias (`champion`).

    Raises ValueError that names the nearest version or alias, or the command to run.
    """
    known, there = aliases(root), numbers(root)
    number = known.get(name, name)
    if number in map(str, there):
        return root / MODELS / number
    if name in known:
        raise ValueError(f"{MODELS}/{number}: no such folder, and '{name}' is this version")
    if not there:
        raise ValueError(f"{MODELS}/: no model is registered; run `evaluate`, then `register`")
    if name == CHAMPION:
        raise ValueError(f"{MODELS}/: no version is champion; run `promote`")
    nearest = hint(name, [*map(str, there), *known])
    raise ValueError(f"{MODELS}/{name}: no such version or alias; {nearest}")


def numbers(root: Path) -> list[int]:
    """The numbers of all versions, in order."""
    found = [path.parent.name for path in (root / MODELS).glob(f"*/{DESCRIPTION}")]
    return sorted(int(name) for name in found if name.isdecimal())


def aliases(root: Path) -> dict[str, str]:
    """Alias -> version."""
    path = root / MODELS / ALIASES
    return dict(read_json(path)) if path.is_file() else {}


def add(root: Path, files: Sequence[Path], above: int = 0) -> Path:
    """The folder of a new version, the challenger, with read-only copies of the files.

    above: the highest number ever used, perhaps on another machine. The version appears whole or
    not at all: its folder is renamed when it is complete.
    """
    with _locked(root):
        staged = root / MODELS / ".new"
        shutil.rmtree(staged, ignore_errors=True)  # left by an interrupted call
        staged.mkdir()
        for path in files:
            shutil.copyfile(path, staged / path.name)
            (staged / path.name).chmod(0o444)
        used = [above, *numbers(root), *map(int, aliases(root).values())]
        folder = staged.rename(root / MODELS / str(max(used) + 1))
        _write_aliases(root, {CHALLENGER: folder.name})
    return folder


def set_champion(root: Path, version: str, previous: str | None, *, seen: str | None) -> None:
    """Point champion and previous at these versions, in one write.

    seen: the champion that the decision was about; raises ValueError if it is another one now.
    """
    with _locked(root):
        if aliases(root).get(CHAMPION) != seen:
            raise ValueError(f"{MODELS}/{ALIASES}: the champion has just changed; run it again")
        _write_aliases(root, {CHAMPION: version, PREVIOUS: previous})


def _write_aliases(root: Path, changes: dict[str, str | None]) -> None:
    changed = aliases(root) | changes
    present = {name: version for name, version in changed.items() if version is not None}
    write_json(root / MODELS / ALIASES, present)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Within, no other process changes models/."""
    from filelock import FileLock  # not needed where versions are only read, as in the image

    (root / MODELS).mkdir(exist_ok=True)
    with FileLock(root / MODELS / ".lock"):
        yield
