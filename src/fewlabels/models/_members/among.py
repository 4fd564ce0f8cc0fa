"""What the labels do to one another on the graph, for all members at once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.models._members.graph_member import GraphMember
from fewlabels.systems import SpreadingSystem, require_square, spreading_block

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# In graphs of fewer nodes, columns of the response are solved for: as quick, and exact.
_FEWEST_NODES = 1_000
_COLUMN_TOL, _MOST_ITERATIONS = 1e-6, 100_000
# No moment that is left out counts for more than this share of 1 - alpha; in larger graphs, where
# each takes longer.
_MOMENT_TOL, _LARGE_TOL, LARGE = 1e-6, 1e-3, 10_000
# Labels among which members are weighed, in a small graph and in a large one; the others are then
# as if they had no label.
_MOST_LABELS, _MOST_IN_LARGE = 512, 48


class Among:
    """How much each label says of each other, by every member on the graph.

    Parameters
    ----------
    members : list of GraphMember
    taught : ndarray of int
        Places among the labelled points that are needed first.

    Attributes
    ----------
    places : ndarray of int
        The labels among which `taught_weights` are: all of them, up to 512.
    """

    def __init__(self, members: list[GraphMember], taught: IntArray) -> None:
        self._members = members
        n_labelled = len(members[0].nodes)
        large = members[0].graph.n_nodes >= LARGE
        most = _MOST_IN_LARGE if large else _MOST_LABELS
        self.places = chosen_places(n_labelled, taught, most)

    @cached_property
    def taught_weights(self) -> list[FloatArray]:
        """`left_out_weights` of each member among `places`."""
        return self._weights(self._responses(self.places), self.places)

    @cached_property
    def weights(self) -> list[FloatArray]:
        """`left_out_weights` of each member among all labels."""
        return self._weights(self.responses, np.arange(len(self._members[0].nodes)))

    @cached_property
    def responses(self) -> list[FloatArray]:
        """R of each member among all labels."""
        return self._responses(np.arange(len(self._members[0].nodes)))

    def _weights(self, responses: list[FloatArray], places: IntArray) -> list[FloatArray]:
        return [
            member.left_out_weights(response, places)
            for member, response in zip(self._members, responses, strict=True)
        ]

    def _responses(self, places: IntArray) -> list[FloatArray]:
        member = self._members[0]
        require_square(len(places))
        return responses_among(
            member.graph, member.nodes[places], tuple(each.alpha for each in self._members)
        )


def responses_among(graph: Graph, nodes: IntArray, alphas: tuple[float, ...]) -> list[FloatArray]:
    """R_ll of label spreading for each alpha, shape (n_nodes, n_nodes), its diagonal included.

    Cost: some 1.7 / sqrt(1 - alpha) products with as many columns as there are nodes, at the
    largest alpha; in a small graph a solve for these columns for each alpha.
    """
    if graph.n_nodes >= _FEWEST_NODES and not graph.is_dense:
        tol = _LARGE_TOL if graph.n_nodes >= LARGE else _MOMENT_TOL
        return list(spreading_block(graph, nodes, alphas, tol=tol))
    units = np.zeros((graph.n_nodes, len(nodes)))
    units[nodes, np.arange(len(nodes))] = 1
    found = []
    for alpha in alphas:
        answer = SpreadingSystem(graph, alpha).solve(
            units, tol=_COLUMN_TOL, max_iter=_MOST_ITERATIONS
        )
        found.append(answer.scores[nodes])
    return found


def chosen_places(n_labelled: int, needed: IntArray, most: int) -> IntArray:
    """Places of at most `most` labels: those that are needed, and of the others evenly many."""
    if n_labelled <= most:
        return np.arange(n_labelled)
    others = np.setdiff1d(np.arange(n_labelled), needed)
    spread = np.linspace(0, len(others) - 1, most - len(needed)).astype(np.intp)
    return np.union1d(needed, others[spread])
