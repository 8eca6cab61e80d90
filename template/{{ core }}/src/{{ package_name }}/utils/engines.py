"""Where a command does its work: in this process, or on an engine that a component brings."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .names import check_name

LOCAL = "local"
# spread(function, items): function of each item, in the order of the items, as `map` does it. An
# engine takes items ahead of the result that is asked for, and runs the function elsewhere.
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@contextmanager
def engine(name: str, root: Path) -> Iterator[Spread]:
    """Within, the `spread` of this engine; `map` where the work stays here.

    A component brings an engine as NAME and `start(root)`, which gives its `spread` for the time
    of a block, in engine.py of its package. Raises ValueError for a name that none has.
    """
    if name == LOCAL:
        yield map
        return
    with _module(name, "engine").start(root) as spread:
        yield spread


def train_on(name: str, job: Any, n_processes: int, folder: Path) -> dict[str, Any]:
    """What `train(job, n_processes, folder)` in training.py of the engine's package returns.

    folder: of the run. Raises ValueError for an engine that cannot train.
    """
    with engine(name, folder.resolve().parents[1]):
        return dict(_module(name, "training").train(job, n_processes, folder))


def _module(name: str, module: str) -> Any:
    packages = {}
    for path in sorted(Path(__file__).parents[1].glob("*/engine.py")):
        found = importlib.import_module(f"..{path.parent.name}.engine", __package__)
        packages[found.NAME] = path.parent.name
    check_name(name, [LOCAL, *packages], "conf/default.yaml: engine")
    return importlib.import_module(f"..{packages[name]}.{module}", __package__)
