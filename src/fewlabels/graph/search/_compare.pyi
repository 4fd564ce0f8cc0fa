from typing import Any

import numpy.typing as npt

_Array = npt.NDArray[Any]
_Codes = tuple[_Array, _Array, _Array, _Array, float] | None

def encode(
    points: _Array, offsets: _Array, unit: float, codes: _Array, errors: _Array, /
) -> None: ...
def nearest_among(
    queries: _Array,
    points: _Array,
    codes: _Codes,
    places: _Array,
    squared: _Array,
    first: int,
    candidates: _Array,
    distinct: bool,
    avx2: bool = True,
    /,
) -> None: ...
def nearest_in_cells(
    queries: _Array,
    points: _Array,
    places: _Array,
    squared: _Array,
    first: int,
    cells: _Array,
    starts: _Array,
    avx2: bool = True,
    /,
) -> None: ...
def nearest_through(
    queries: _Array,
    points: _Array,
    codes: _Codes,
    places: _Array,
    squared: _Array,
    first: int,
    lists: _Array,
    list_squared: _Array,
    fresh: _Array,
    back: _Array,
    looked_at: int,
    now_fresh: _Array,
    avx2: bool = True,
    /,
) -> None: ...
def reverse(lists: _Array, back: _Array, /) -> None: ...
