"""An order in which the first few of many lie evenly among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def spread_order(n: int) -> npt.NDArray[np.intp]:
    """0 to n - 1 so that the first few lie evenly: by the golden ratio."""
    return np.argsort((np.arange(n) * 0.6180339887498949) % 1.0, kind="stable")
