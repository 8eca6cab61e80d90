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
    found = {}
    for path in sorted(Path(__file__).parents[1].glob("*/engine.py")):
        module = importlib.import_module(f"..{path.parent.name}.engine", __package__)
        found[module.NAME] = module
    check_name(name, [LOCAL, *found], "conf/default.yaml: engine")
    with found[name].start(root) as spread:
        yield spread
