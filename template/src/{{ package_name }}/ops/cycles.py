"""Numbers that come round again: hours, weekdays, seasons."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Digits of a sine that mean something. Trees would tell Monday from Sunday by the next one.
DECIMALS = 12


def on_circle(value: Floats, period: float) -> tuple[Floats, Floats]:
    """Sine and cosine of the place in the period, so that its last moment is next to its first."""
    # Within one turn, so that the same weekday of two years gives the same number.
    angle = 2 * np.pi * np.fmod(value, period) / period
    return np.sin(angle).round(DECIMALS), np.cos(angle).round(DECIMALS)
