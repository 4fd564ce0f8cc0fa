"""What an iteration needs from the processes that hold the other rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fewlabels.solvers._matrix import FloatArray


@dataclass(frozen=True)
class Step:
    """The state of Chebyshev's iteration between two steps, besides its two vectors.

    Attributes
    ----------
    n_iter : int
        Steps taken.
    look_at : float
        The step at which the stopping rule is prepared next.
    tau, tau_before : float
        The scales of t_k and t_k-1.
    """

    n_iter: int
    look_at: float
    tau: float
    tau_before: float


class Peers(Protocol):
    """The processes that iterate on the other rows of the same system, in the same steps.

    A vector contains the rows of one process, followed by copies of the rows of others that its
    products need. All processes make the same calls.
    """

    def exchange(self, y: FloatArray) -> None:
        """Update the copies of other processes' rows in `y`, shape (n, m)."""

    def maximum(self, value: float) -> float:
        """Return the largest value of all processes."""

    def begin(self, now: FloatArray, before: FloatArray) -> Step | None:
        """Fill in the two vectors and return the step to continue from; None is the first."""

    def stepped(self, step: Step, now: FloatArray, before: FloatArray, *, last: bool) -> None:
        """Take note of a step after which the iteration can continue from its vectors alone.

        `last`: the iteration ends here, without having converged.
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
