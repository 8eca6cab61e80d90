"""Stop a rollout as soon as the challenger is worse than allowed, at any number of looks."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ..configs.settings import Section, Share

# A bet is on the share bound ** exponent. Most of the stake is on one that is ten times the bound
# where the bound is 0.005: a fault of every tenth request is seen soonest by it.
EXPONENTS, STAKES = np.array([0.85, 0.6, 0.25]), np.array([0.2, 0.7, 0.1])
FIRST = 0.9  # of the stake is for faults that are there from the start
N_RECENT = 10_000  # predictions that wait for their label
# Requests of one second are slow together, by the same cause: one of them counts.
SLOW = "slow"


class Settings(Section):
    """Everything in conf/rollout.yaml.

    guards: name -> share above which the rollout ends. tolerance: numbers differ when they are
    further apart, in standard deviations.
    """

    header: str
    alpha: Share
    tolerance: Annotated[float, Field(ge=0)]
    guards: dict[Literal["errors", "fallbacks", "slow", "disagreement", "worse"], Share]


class Evidence:
    """Evidence that the mean of values in [0, 1] is above `bound`: an e-value.

    A bet on each share q multiplies its stake by 1 + (q - bound) (x - bound) / (bound (1 - bound));
    for x of 0 and 1 that is the likelihood ratio. While the values' mean is at most `bound`, the
    wealth ever reaches 1 / alpha with a probability of at most alpha. Part of the stake is kept for
    later starts, 1 / (n (n + 1)) of it for the n-th: late faults are seen too.
    Source: Waudby-Smith and Ramdas (2024), JRSS B 86; Shin, Ramdas and Rinaldo (2024), E-detectors.
    """

    def __init__(self, bound: float) -> None:
        self.bound, self.n, self.total = bound, 0, 0.0
        self._bets = (bound**EXPONENTS - bound) / (bound * (1 - bound))
        self._wealth: Any = np.zeros(len(STAKES))

    def __str__(self) -> str:
        return f"{self.total:g} of {self.n}, allowed {self.bound:g}"

    def add(self, value: Any) -> Any:
        """The wealth after one more value in [0, 1]; of shape (n, 1) for n rollouts at once."""
        self.n, self.total = self.n + 1, self.total + value
        stake = (1 - FIRST) / (self.n * (self.n + 1)) + FIRST * (self.n == 1)
        self._wealth = (self._wealth + stake * STAKES) * (1 + self._bets * (value - self.bound))
        return self._wealth.sum(axis=-1)


class Guard:
    """The guards of one rollout. stopped: why it ended, or None."""

    def __init__(self, settings: Settings) -> None:
        self.limit = 1 / settings.alpha
        self.evidence = {name: Evidence(bound) for name, bound in settings.guards.items()}
        self.stopped: str | None = None
        self._recent: dict[str, tuple[Any, Any]] = {}
        self._second = -1  # the last one in which SLOW has counted

    def add(self, found: Mapping[str, float], detail: str = "") -> str | None:
        """Add the values of one request; the reason if they end the rollout."""
        if self.stopped:
            return None
        before, second = self._second, int(time.monotonic())
        for name, one in self.evidence.items():
            if name not in found or (name == SLOW and before == second):
                continue
            if one.add(found[name]) >= self.limit:
                self.stopped = f"{name}: {one}" + (f" ({detail})" if detail else "")
        self._second = second if SLOW in found else before
        return self.stopped

    def remember(self, prediction_id: str, champion: Any, challenger: Any) -> None:
        """Keep both predictions until their label arrives."""
        self._recent[prediction_id] = champion, challenger
        if len(self._recent) > N_RECENT:
            del self._recent[next(iter(self._recent))]

    def add_label(self, prediction_id: str, label: Any) -> str | None:
        """Add a label; the reason if it ends the rollout. Where both are as wrong, nothing."""
        if label is None or prediction_id not in self._recent:
            return None
        champion, challenger = (gap(one, label) for one in self._recent.pop(prediction_id))
        worse = {"worse": float(challenger > champion)}
        return self.add({} if champion == challenger else worse)


def gap(one: Any, other: Any) -> float:
    """Between two predictions, or one and its label: 0 or 1 of classes, the distance of numbers."""
    if isinstance(one, str) or isinstance(other, str):
        return float(str(one) != str(other))
    return float(abs(one - other))
