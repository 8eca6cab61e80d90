"""The engine `ray`: each item is a task, on any process of the cluster."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..utils.engines import Spread
from ..utils.errors import CheckFailed
from .cluster import connected
from .settings import Cluster, read_settings

NAME = "ray"


@contextmanager
def start(root: Path) -> Iterator[Spread]:
    """The engine as conf/ray.yaml has it, connected for the time of the block."""
    settings = read_settings(root)
    with connected(root, settings):
        yield partial(spread, settings, WeakKeyDictionary())


def spread(
    settings: Cluster,
    sent: MutableMapping[Any, Any],
    function: Callable[[Any], Any],
    items: Iterable[Any],
) -> Iterator[Any]:
    """The function's result for each item, in order; raises what the function raises.

    The first `in_flight` tasks begin at once, and another one for each result that is taken: no
    more items or results than that are held, whatever their number. A task whose process is lost
    begins anew. CheckFailed where the cluster gives up.

    sent: functions that are in the cluster's memory.
    """
    import ray

    limit = settings.in_flight or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
    cost = {"num_cpus": settings.task_cpus, "num_gpus": settings.task_gpus}
    task = ray.remote(apply).options(max_retries=settings.task_retries, **cost)
    if function not in sent:
        sent[function] = ray.put(function)
    # In a list it is no argument that Ray fetches for every task.
    shared = [sent[function], str(Path.cwd())]
    tasks = (task.remote(shared, item) for item in items)
    return results(deque(islice(tasks, limit)), tasks)


def results(running: deque[Any], tasks: Iterator[Any]) -> Iterator[Any]:
    """The results of tasks, in order; another is begun for each that is done."""
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        while running:
            result = ray.get(running.popleft())
            running.extend(islice(tasks, 1))
            yield result
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        text = str(error).partition("\n")[0]
        raise CheckFailed(f"engine ray: {text}; the same command resumes") from error
    finally:
        # Without a connection, which may have ended before, Ray would start another cluster.
        for one in running if ray.is_initialized() else ():
            ray.cancel(one)


def apply(shared: list[Any], item: Any) -> Any:
    """What runs on the cluster: the function, of one item."""
    return fetched(*shared)(item)


@lru_cache(maxsize=1)
def fetched(reference: Any, folder: str) -> Any:
    """The function, with the model or the rows that it holds: fetched once a process.

    folder: of the command; paths in cells, such as those of images, begin there.
    """
    import ray

    with suppress(OSError):  # where no file is needed, machines may have no folder in common
        os.chdir(folder)
    return ray.get(reference)
