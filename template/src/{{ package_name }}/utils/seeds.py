"""The same numbers on each run: one seed, one thread."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Sums over several threads are added in an order that varies, and so does the last digit.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread_each() -> None:
    """Ask numeric libraries that are not imported yet for one thread; the user's choice wins."""
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Within, NumPy's global generator is seeded and numeric libraries use one thread."""
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    before = np.random.get_state()
    np.random.seed(seed)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        np.random.set_state(before)
