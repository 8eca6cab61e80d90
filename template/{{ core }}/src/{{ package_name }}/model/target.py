"""Fit on a transformed target, and predict in the target's own unit."""

from dataclasses import dataclass

import numpy as np

from ..utils.predictions import Array

# No prediction is further from the targets of train: a power of a large number is none at all.
MAX_FACTOR = 10.0


@dataclass(frozen=True)
class TargetTransform:
    """(y ** power - 1) / power, and the logarithm where power is 0; low, high: the y of train.

    What minimises an error of logarithms is nearer to the median than to the mean.
    Source: Box and Cox (1964), An Analysis of Transformations, JRSS B 26.
    """

    power: float
    low: float
    high: float

    def forward(self, y: Array) -> Array:
        """What the estimator learns; shape (n_rows,)."""
        return np.log(y) if self.power == 0 else (y**self.power - 1) / self.power

    def back(self, values: Array) -> Array:
        """The target's unit again, at most MAX_FACTOR beyond what train holds."""
        ends = self.forward(np.array([self.low / MAX_FACTOR, self.high * MAX_FACTOR]))
        known = np.clip(values, *ends)
        if self.power == 0:
            return np.asarray(np.exp(known))
        return np.asarray((known * self.power + 1) ** (1 / self.power))


def learn_transform(name: str, y: Array) -> TargetTransform:
    """`log`, or `box-cox` with its most likely power; raises ValueError where y is not above 0."""
    low, high = float(y.min()), float(y.max())
    if low <= 0:
        where = f"conf/default.yaml: train.target_transform: {name}"
        raise ValueError(f"{where} needs a target above 0, got {low:g}")
    power = 0.0
    if name == "box-cox":
        from scipy.stats import boxcox_normmax

        power = float(boxcox_normmax(y, method="mle"))
    return TargetTransform(power, low, high)
