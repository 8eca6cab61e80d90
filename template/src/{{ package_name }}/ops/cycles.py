"""Numbers that come round again: hours, weekdays, seasons."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def on_circle(value: Floats, period: float) -> tuple[Floats, Floats]:
    """Sine and cosine of the place in the period, so that its last moment is next to its first."""
    angle = 2 * np.pi * value / period
    return np.sin(angle), np.cos(angle)
