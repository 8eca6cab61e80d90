"""Stop a rollout as soon as the challenger is worse than allowed, at any number of looks."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from .settings import Guards

ALTERNATIVES = (0.3, 0.8)  # shares that a fault may have, beside some above the bound
FIRST = 0.9  # of the stake is for faults that are there from the start
EVEN = 0.5  # of the labels on which the two versions differ, each is wrong on half
N_RECENT = 10_000  # predictions that wait for their label
# Requests of one second are slow together, by the same cause: their mean counts as one value.
SLOW, BLOCK_S = "slow", 1.0


class Evidence:
    """Evidence that the mean of values in [0, 1] is above `bound`, at any time.

    A bet on each alternative q multiplies its wealth by 1 + (q - bound) (x - bound) / (bound
    (1 - bound)); for x of 0 and 1 that is the likelihood ratio. While the mean is at most
    `bound`, the wealth reaches 1 / alpha with a probability of at most alpha. Part of the stake is
    kept for later starts, by 1 / (n (n + 1)) for the n-th, so that a fault that comes late is seen.
    Source: Waudby-Smith and Ramdas (2024), JRSS B 86; Shin, Ramdas and Rinaldo (2024), E-detectors.
    """

    def __init__(self, bound: float) -> None:
        shares = {2 * bound, 4 * bound, 10 * bound, bound + 0.1, *ALTERNATIVES}
        chosen = np.array(sorted(share for share in shares if bound < share < 1))
        self.bound, self.n, self.total = bound, 0, 0.0
        self._bets = (chosen - bound) / (bound * (1 - bound))
        self._wealth = np.zeros(len(chosen))

    def add(self, value: float) -> None:
        """Add a value in [0, 1]."""
        self.n, self.total = self.n + 1, self.total + value
        stake = (1 - FIRST) / (self.n * (self.n + 1)) + FIRST * (self.n == 1)
        self._wealth = (self._wealth + stake) * (1 + self._bets * (value - self.bound))

    @property
    def wealth(self) -> float:
        """Above 1 / alpha the bound does not hold."""
        return float(self._wealth.mean())


class Guard:
    """The guards of one rollout. stopped: why it ended, or None."""

    def __init__(self, guards: Guards) -> None:
        bounds = {
            "errors": guards.errors,
            "fallbacks": guards.fallbacks,
            SLOW: guards.slow,
            "disagreement": guards.disagreement,
            "worse": guards.worse,
        }
        self.limit = 1 / guards.alpha
        self.evidence = {name: Evidence(one) for name, one in bounds.items() if one is not None}
        self.stopped: str | None = None
        self._recent: OrderedDict[str, tuple[Any, Any]] = OrderedDict()
        self._block, self._block_ends = list[float](), 0.0

    def add(self, found: Mapping[str, float], detail: str = "") -> str | None:
        """Add the values of one request; the reason if they end the rollout."""
        if self.stopped:
            return None
        for name, value in self._blocked(found).items():
            if (one := self.evidence.get(name)) is None:
                continue
            one.add(value)
            if one.wealth >= self.limit:
                text = f"{name}: {one.total:g} of {one.n}, allowed {one.bound:g}"
                self.stopped = f"{text} ({detail})" if detail else text
        return self.stopped

    def _blocked(self, found: Mapping[str, float]) -> dict[str, float]:
        """The same, with the mean of SLOW where a second is over."""
        values = {name: value for name, value in found.items() if name != SLOW}
        if self._block and time.monotonic() >= self._block_ends:
            values[SLOW] = sum(self._block) / len(self._block)
            self._block = []
        if SLOW in found:
            self._block_ends = self._block_ends if self._block else time.monotonic() + BLOCK_S
            self._block.append(found[SLOW])
        return values

    def remember(self, prediction_id: str, champion: Any, challenger: Any) -> None:
        """Keep both predictions until their label arrives."""
        self._recent[prediction_id] = champion, challenger
        if len(self._recent) > N_RECENT:
            self._recent.popitem(last=False)

    def add_label(self, prediction_id: str, label: Any) -> str | None:
        """Add a label; the reason if it ends the rollout. Where both are as wrong, nothing."""
        champion, challenger = self._recent.pop(prediction_id, (None, None))
        if label is None or champion is None:
            return None
        error, other = _error(champion, label), _error(challenger, label)
        return self.add({"worse": float(other > error)}) if other != error else None


def _error(prediction: Any, label: Any) -> float:
    """0 or 1 of a class, the distance of a number; 0 for a label that is no number."""
    if isinstance(prediction, str):
        return float(prediction != str(label))
    try:
        return float(abs(prediction - float(label)))
    except ValueError:
        return 0.0
