"""How the learning rate changes from step to step: add yours to SCHEDULES."""

import math
from collections.abc import Callable

# Share of the steps after the warm-up -> share of the highest learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    # Loshchilov and Hutter (2017), SGDR, arXiv:1608.03983.
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "constant": lambda done: 1.0,
    # The loop lowers it by LOWERED after each epoch in which valid is no better.
    "plateau": lambda done: 1.0,
}
LOWERED = 0.5


def share_of_rate(schedule: str, step: int, n_steps: int, warmup: float) -> float:
    """Of the highest learning rate: a linear warm-up, for this share of n_steps, then the schedule.

    Source: Goyal and others (2017), Accurate, Large Minibatch SGD, arXiv:1706.02677.
    """
    n_warm = math.ceil(warmup * n_steps)
    if step < n_warm:
        return (step + 1) / n_warm
    return SCHEDULES[schedule]((step - n_warm) / max(1, n_steps - n_warm))
