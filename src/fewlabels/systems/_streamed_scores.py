"""The scores of many nodes, in little memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass
class StreamedScores:
    """Scores F of many nodes: their sums, and each class's share in float32.

    Attributes
    ----------
    shares : ndarray of shape (n_nodes, n_classes), float32
        Rows sum to 1; arbitrary where there is no answer.
    totals : ndarray of shape (n_nodes,), float64
        Sum of each row of F; 0 where float64 can't hold it.
    answered : ndarray of shape (n_nodes,), bool
        Whether some evidence arrived.
    residual : ndarray of shape (n_classes,)
    converged : ndarray of shape (n_classes,), bool
    n_iter : int
        Steps of the group of classes that took the most.
    levelled : bool
        Whether some rows were on a scale of their own.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.systems import StreamedSpreadingSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> system = StreamedSpreadingSystem(open_graph(folder), alpha=0.9)
    >>> found = system.solve(np.array([0, -1, 1]), 2, tol=1e-6, max_iter=1000)
    >>> found.shares.round(3)
    array([[0.595, 0.405],
           [0.5  , 0.5  ],
           [0.405, 0.595]], dtype=float32)
    """

    shares: npt.NDArray[np.float32]
    totals: FloatArray
    answered: npt.NDArray[np.bool_]
    residual: FloatArray
    converged: npt.NDArray[np.bool_]
    n_iter: int
    levelled: bool

    def distributions(self, prior: FloatArray) -> npt.NDArray[np.float32]:
        """Return the shares, with the prior where there is no answer: no copy, but read-only."""
        if self.shares.flags.writeable:
            if not self.answered.all():
                self.shares[~self.answered] = prior
            self.shares.flags.writeable = self.totals.flags.writeable = False
        return self.shares

    def column(self, place: int, rows: slice) -> FloatArray:
        """Scores of a class in some rows."""
        return np.asarray(self.shares[rows, place] * (self.totals[rows] * self.answered[rows]))
