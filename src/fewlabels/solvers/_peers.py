"""What an iteration asks of others that hold the rest of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fewlabels.solvers._matrix import FloatArray


@dataclass(frozen=True)
class Step:
    """Where Chebyshev's iteration stands between two steps, beside its two vectors.

    Attributes
    ----------
    n_iter : int
        Steps taken.
    look_at : float
        When the stopping rule is prepared next.
    tau, tau_before : float
        The scales of t_k and t_k-1.
    """

    n_iter: int
    look_at: float
    tau: float
    tau_before: float


class Peers(Protocol):
    """Those that iterate on the other rows of the same system, in the same steps.

    Vectors hold the rows that a process works on, and behind them copies of rows that belong to
    others, of which its products take account. Whatever is asked here is asked by all.
    """

    def exchange(self, y: FloatArray) -> None:
        """Bring the copies of others' rows in `y`, shape (n, m), up to date."""

    def maximum(self, value: float) -> float:
        """Return the largest of everybody's values."""

    def begin(self, now: FloatArray, before: FloatArray) -> Step | None:
        """Fill in the two vectors and return the step from which to go on; None is the first."""

    def stepped(self, step: Step, now: FloatArray, before: FloatArray, *, last: bool) -> None:
        """Take note of a step after which the iteration could go on from its vectors alone.

        `last` tells that it ends here, without having settled.
        """


class Alone:
    """The only process that iterates: it holds all rows."""

    def exchange(self, y: FloatArray) -> None:
        """Do nothing."""

    def maximum(self, value: float) -> float:
        """Return the value."""
        return value

    def begin(self, now: FloatArray, before: FloatArray) -> Step | None:
        """Return None."""
        return None

    def stepped(self, step: Step, now: FloatArray, before: FloatArray, *, last: bool) -> None:
        """Do nothing."""
