from typing import Any

import numpy.typing as npt

_Array = npt.NDArray[Any]

def distortions(
    own: _Array,
    rows: _Array,
    others: _Array,
    candidates: _Array,
    warp: int,
    sums: _Array,
    avx2: bool = True,
    /,
) -> None: ...
