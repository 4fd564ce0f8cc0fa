from typing import Any

import numpy.typing as npt

def multiply(
    indptr: npt.NDArray[Any],
    indices: npt.NDArray[Any],
    data: npt.NDArray[Any],
    y: npt.NDArray[Any],
    out: npt.NDArray[Any],
    subtract: bool,
    avx2: bool = True,
    /,
) -> None: ...
