from typing import Any

import numpy.typing as npt

_Array = npt.NDArray[Any]

def pull(
    indptr: _Array,
    indices: _Array,
    data: _Array,
    places: _Array,
    out: _Array,
    first: int,
    last: int,
    /,
) -> None: ...
