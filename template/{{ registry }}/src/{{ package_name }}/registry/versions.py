"""Registered models: one folder a version in models/, and aliases that name versions."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
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
    known, there = aliases(root), [str(number) for number in numbers(root)]
    number = known.get(name, name)
    if number in there:
        return root / MODELS / number
    if not there:
        raise ValueError(f"{MODELS}/: no model is registered; run `evaluate`, then `register`")
    if name == CHAMPION and name not in known:
        raise ValueError(f"{MODELS}/: no version is champion; run `promote`")
    nearest = hint(name, [*there, *known])
    raise ValueError(f"{MODELS}/{number}: no such version or alias; {nearest}")


def resolve_checked(root: Path, name: str = CHAMPION) -> Path:
    """`resolve` for a version that will predict: components may refuse it with ValueError.

    A component refuses in policy.py of its package, by `check_version(root, folder)`.
    """
    folder, package = resolve(root, name), __name__.partition(".")[0]
    for path in sorted(Path(__file__).parents[1].glob("*/policy.py")):
        import_module(f"{package}.{path.parent.name}.policy").check_version(root, folder)
    return folder


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
    with locked(root):
        staged = root / MODELS / ".new"
        shutil.rmtree(staged, ignore_errors=True)  # left by an interrupted call
        staged.mkdir()
        for path in files:
            shutil.copyfile(path, staged / path.name)
            (staged / path.name).chmod(0o444)
        used = [above, *numbers(root), *map(int, aliases(root).values())]
        folder = staged.rename(root / MODELS / str(max(used) + 1))
        set_aliases(root, challenger=folder.name)
    return folder


def set_aliases(root: Path, **changes: str | None) -> None:
    """Point aliases at versions, in one write; None removes an alias. Call it within `locked`."""
    changed = aliases(root) | changes
    present = {name: version for name, version in changed.items() if version is not None}
    write_json(root / MODELS / ALIASES, present)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Within, no other process changes models/."""
    from filelock import FileLock  # not needed where versions are only read, as in the image

    (root / MODELS).mkdir(exist_ok=True)
    with FileLock(root / MODELS / ".lock"):
        yield
