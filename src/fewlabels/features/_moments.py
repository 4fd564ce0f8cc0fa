"""Mean and deviation of numbers of any size, and what says that one is missing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# How far a row without a value is from the others for that, in standard deviations.
FLAG = 0.5


def moments(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Return mean and standard deviation, with squares that neither overflow nor vanish."""
    largest = float(np.abs(values).max()) or 1.0
    scaled = values / largest
    return float(scaled.mean()) * largest, float(scaled.std()) * largest
