"""What grids have shown: for which classes the model is to be believed, and how far."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewlabels.labelling._ledger import Ledger

# Of each class the last grids count, till they held so many points.
_REMEMBERED = 24
# A grid is whole where the model is as good as this for its class, at this risk of being wrong.
_PURE, _RISK = 0.75, 0.1
# What a class is tried with before that is shown.
_TRIED = 8
# After a grid, its class waits for so many questions; for more where it was worse than that.
_BETWEEN, _AGAIN = 8, 15
# So many of the points that were taken out are asked about.
_ASKED = 3


@dataclass(frozen=True)
class Grid:
    """A grid that somebody confirmed.

    Attributes
    ----------
    class_id : int
    kept, out : tuple of int
        Points that were confirmed, and those that were taken out.
    n_since : int
        Questions that were answered since.
    """

    class_id: int
    kept: tuple[int, ...]
    out: tuple[int, ...]
    n_since: int

    @property
    def purity(self) -> float:
        """Share of the points that were confirmed."""
        return len(self.kept) / (len(self.kept) + len(self.out))


class GridRecord:
    """The model's record in grids, a class at a time.

    The confidence of a model is no evidence here. Grids hold the points of which it is surest,
    those are near each other, and it has learned from grids before: whatever it takes wrongly for
    certain is what they gather. So a class starts with a small grid. If r points of its last grids
    were confirmed and w were taken out, it gets whole ones while the lower 10 % quantile of
    Beta(r + 1, w + 1), what is known of its purity by then, is 0.75 or more.

    Between two grids of a class lie questions. Grids are of what the model knows: they find no
    class that it has not heard of, and tell it nothing of where classes meet.

    Parameters
    ----------
    grids : iterable of Grid
        The earliest first.
    asked : container of int
        Points about which a question is open.
    """

    def __init__(self, grids: Iterable[Grid] = (), asked: Container[int] = ()) -> None:
        self._asked = asked
        self._of: dict[int, list[Grid]] = {}
        self._out: set[tuple[int, int]] = set()
        for grid in grids:
            self._of.setdefault(grid.class_id, []).append(grid)
            self._out.update((point, grid.class_id) for point in grid.out)

    def may_show(self, point: int, class_id: int) -> bool:
        """Tell whether a point was never taken out of a grid of this class."""
        return (point, class_id) not in self._out

    def size(self, class_id: int, most: int) -> int:
        """Return how many points a grid of a class may hold now: 0, few, or `most`."""
        grids = self._of.get(class_id, [])
        if not grids:
            return min(_TRIED, most)
        last = grids[-1]
        if any(point in self._asked for point in last.out):
            return 0
        if last.n_since < (_BETWEEN if last.purity >= _PURE else _AGAIN):
            return 0
        n_right = n_wrong = 0
        for grid in reversed(grids):
            n_right += len(grid.kept)
            n_wrong += len(grid.out)
            if n_right + n_wrong >= _REMEMBERED:
                break
        from scipy.special import betaincinv  # a quarter of the time to the first question

        low = betaincinv(n_right + 1, n_wrong + 1, _RISK)
        return most if low >= _PURE else min(_TRIED, most)


def record_of(ledger: Ledger, asked: Container[int]) -> GridRecord:
    """Return the record as the acts that stand have it, and the labels of now.

    Parameters
    ----------
    ledger : Ledger
    asked : container of int
        Points about which a question is open.
    """
    grids: list[Grid] = []
    n_since = 0
    for row in ledger.standing():  # the latest first
        if row.kind == "answered":
            n_since += 1
        elif row.kind == "confirmed" and "out" in row.body:
            # a grid that was given another class as a whole speaks of the one that it was shown as
            class_id = int(row.body["shown_as"] if "shown_as" in row.body else row.body["class"])
            # a check that is open has taken a label back: it says nothing yet
            kept_back = (p for p in row.points if p in ledger.labels or p not in asked)
            shown = (*kept_back, *row.body["out"])
            kept = tuple(point for point in shown if ledger.labels.get(point) == class_id)
            out = tuple(point for point in shown if ledger.labels.get(point) != class_id)
            grids.append(Grid(class_id, kept, out, n_since))
    return GridRecord(reversed(grids), asked)


def to_ask(out: Sequence[int]) -> list[int]:
    """Return which of the points that were taken out of a grid are asked about, apart in it."""
    step = -(-len(out) // _ASKED) or 1
    return list(out[::step])
