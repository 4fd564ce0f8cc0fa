"""Which labels the others contradict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import index
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.insight._checks import FloatArray, IntArray, check_codes
from fewlabels.systems import LeftOut

BoolArray = npt.NDArray[np.bool_]

# Rounds of weighing; it settles in a few.
_ROUNDS = 30
_SETTLED = 1e-6
# No label loses all trust: a class whose labels all look wrong stays a class.
_LEAST_TRUST = 1e-3
# Added to the shares before their ratio is taken: what is less than a few hundredths is noise.
_NOISE = 0.03
# Labels without another of their class that are named in the text.
_NAMED = 5


class Suspect(NamedTuple):
    """One label in a list or a table made from :class:`SuspectLabels`.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> X = [[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [12.0], [13.0]]
    >>> y = [0, 0, 1, 0, 1, 1, 1, -1]  # the third is a mistake
    >>> model = LabelSpreading("self-tuning", n_neighbors=3, alpha=0.9).fit(X, y)
    >>> first = model.suspect_labels()[0]
    >>> first.node, first.label, first.suggested
    (2, 1, 0)
    """

    node: int
    label: object
    suggested: object
    margin: float
    rival: int


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class SuspectLabels(Sequence[Suspect]):
    """Labels in the order of suspicion, the most suspect first; each array has n_labelled entries.

    The only label of a class can't be judged: no other label could say that class. Such labels
    come last.

    A sequence of named tuples (node, label, suggested, margin, rival), of which
    ``pandas.DataFrame(suspects)`` and ``polars.DataFrame(suspects)`` make a table with these
    columns.

    Attributes
    ----------
    nodes : ndarray of int
        The labelled points.
    labels, suggested : ndarray
        The label given, and the class that the other labels make most probable among the others
        of the point's.
    margins : ndarray of float
        Logarithm of the ratio of the shares of the evidence that speak for the label and for
        the suggested class, 0.03 added to each: from -3.5 to 3.5. Below 0 the others contradict
        the label, where it is `judged`. 0 where they say nothing.
    rivals : ndarray of int
        The labelled point of the suggested class that says most against the label; -1 where none
        says anything.
    trust : ndarray of float
        Positive, 1 in the mean of each class: how much each label counted in the judgement of
        the others.
    judged : ndarray of bool
        Whether another label is of the same class. These stand first.
    names : tuple of str
        What the text calls all points, labelled or not: files of pictures. Empty: their numbers.
    n_judged : int
        How many are judged.
    n_suspects : int
        How many of these are contradicted: the first `n_suspects`.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> X = [[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [12.0], [13.0]]
    >>> y = [0, 0, 1, 0, 1, 1, 1, -1]  # the third is a mistake
    >>> model = LabelSpreading("self-tuning", n_neighbors=3, alpha=0.9).fit(X, y)
    >>> suspects = model.suspect_labels()
    >>> print(suspects.nodes[0], suspects.n_suspects)
    2 1
    """

    nodes: IntArray
    labels: np.ndarray
    suggested: np.ndarray
    margins: FloatArray
    rivals: IntArray
    trust: FloatArray
    judged: BoolArray
    names: tuple[str | None, ...] = ()

    @property
    def n_judged(self) -> int:
        """Labels that have another of their class."""
        return int(self.judged.sum())

    @property
    def n_suspects(self) -> int:
        """Labels that the others contradict."""
        return int((self.judged & (self.margins < 0)).sum())

    def __len__(self) -> int:
        return len(self.nodes)

    @overload
    def __getitem__(self, place: int) -> Suspect: ...

    @overload
    def __getitem__(self, place: slice) -> list[Suspect]: ...

    def __getitem__(self, place: int | slice) -> Suspect | list[Suspect]:
        columns = (self.nodes, self.labels, self.suggested, self.margins, self.rivals)
        rows = place if isinstance(place, slice) else [index(place)]
        found = [Suspect(*row) for row in zip(*(c[rows].tolist() for c in columns), strict=True)]
        return found if isinstance(place, slice) else found[0]

    def table(self, n_rows: int = 10) -> str:
        """Return the first labels that are contradicted as text, and what the others are.

        Parameters
        ----------
        n_rows : int, default=10
            Most labels that are listed; at least 0.
        """
        n_rows = check_integer("n_rows", n_rows, minimum=0)
        shown = min(n_rows, self.n_suspects)
        if self.n_judged == 0:
            return "no label can be judged, for none has another of its class"
        lines = [f"{self._counted()} contradicted by the others"]
        lines += [
            f"{self._called(node)}: labelled {label!r}, the others say {other!r} "
            f"(margin {margin:+.2f}"
            + (f", above all {self._called(rival)})" if rival >= 0 else ")")
            for node, label, other, margin, rival in self[:shown]
        ]
        if shown < self.n_suspects:
            lines.append(f"and {self.n_suspects - shown} more")
        if self.n_judged < len(self):
            alone = [
                f"{label!r} ({self._called(node)})" for node, label, *_ in self[self.n_judged :]
            ]
            named = ", ".join(alone[:_NAMED])
            if len(alone) > _NAMED:
                named += f" and {len(alone) - _NAMED} more"
            lines.append(f"not judged, as the only labels of their classes: {named}")
        return "\n".join(lines)

    def _called(self, node: int) -> str:
        return (self.names[node] if self.names else None) or f"point {node}"

    def _counted(self) -> str:
        labels = "label" if self.n_judged == 1 else "labels"
        verb = "is" if self.n_suspects == 1 else "are"
        return f"{self.n_suspects} of {self.n_judged} {labels} {verb}"

    def __repr__(self) -> str:
        return self.table()


def rank_suspects(
    left_out: LeftOut,
    nodes: npt.ArrayLike,
    codes: npt.ArrayLike,
    classes: np.ndarray,
    weights: FloatArray | None = None,
    *,
    shares_of: Callable[[FloatArray], FloatArray] | None = None,
) -> SuspectLabels:
    """Rank labels by how much the others contradict them.

    With P the left-out weights, w the weights of the labels and t_j the trust in label j,

        p_jc = sum_k P_jk t_k w_k [y_k = c] / sum_k P_jk t_k w_k,
        t_j = (p_j,y_j / max_c p_jc) / (its mean over the labels of the class),

    repeated from t = 1. A wrong label makes those around it look wrong, and is itself what they
    contradict most: it loses trust first, and what it says against the others with it. The means
    keep a class whose labels are little trusted from being drowned by the others. Ranked by the
    margin, log (p_j,y_j + 0.03) / (p_jc + 0.03) with c the best other class, the least first. The
    only labels of their classes come after the others.

    Parameters
    ----------
    left_out : LeftOut
        Of a model whose scores are non-negative; of others, its weights only are read.
    nodes : array-like of shape (n_labelled,), int
    codes : array-like of shape (n_labelled,), int
        Places of the labels among `classes`.
    classes : ndarray of shape (n_classes,)
    weights : ndarray of shape (n_labelled,), default=None
        How much each label counts besides. None: 1 each.
    shares_of : callable, default=None
        What makes left-out shares p of labels Y, of shape (n_labelled, n_classes) both, where they
        are not the left-out scores over their sums.

    Returns
    -------
    SuspectLabels

    Notes
    -----
    Cost: a product of n_labelled^2 n_classes in each of at most 30 rounds.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import rank_suspects
    >>> from fewlabels.systems import LeftOut
    >>> heard = LeftOut(np.array([
    ...     [0, 1, 1, 0, 0, 0],
    ...     [1, 0, 1, 0, 0, 0],
    ...     [1, 1, 0, 0, 0, 0],
    ...     [0, 0, 0, 0, 1, 1],
    ...     [0, 0, 0, 1, 0, 1],
    ...     [0, 0, 0, 1, 1, 0],
    ... ]), np.zeros(6))
    >>> classes = np.array(["cat", "dog", "eel"])
    >>> print(rank_suspects(heard, [3, 4, 5, 6, 7, 8], [0, 0, 1, 1, 1, 2], classes))
    1 of 5 labels is contradicted by the others
    point 5: labelled 'dog', the others say 'cat' (margin -3.54, above all point 3)
    not judged, as the only labels of their classes: 'eel' (point 8)
    """
    points = np.asarray(nodes, dtype=np.intp)
    own = check_codes("codes", codes, (len(points), len(classes)))
    rows = np.arange(len(own))
    Y = np.zeros((len(own), len(classes)))
    Y[rows, own] = 1.0 if weights is None else weights
    trust = np.ones(len(own))
    if shares_of is None:
        shares_of = partial(_shares, left_out)
    for _ in range(_ROUNDS):
        shares = shares_of(Y * trust[:, None])
        largest = shares.max(axis=1)
        new = np.ones(len(own))  # where nothing is heard, nothing is held against the label
        np.divide(shares[rows, own], largest, out=new, where=largest > 0)
        np.maximum(new, _LEAST_TRUST, out=new)
        mass = Y.sum(axis=0)[own]
        new *= np.divide(mass, (new @ Y)[own], out=np.ones(len(own)), where=mass > 0)
        moved = float(np.abs(new - trust).max(initial=0.0))
        trust = new
        if moved < _SETTLED:
            break
    shares = shares_of(Y * trust[:, None])
    others = shares.copy()
    others[rows, own] = -1
    suggested = others.argmax(axis=1)
    best = np.maximum(others.max(axis=1, initial=-1), 0)
    margins = np.log((shares[rows, own] + _NOISE) / (best + _NOISE))
    against = left_out.weights * (own[None, :] == suggested[:, None]) * (Y.sum(axis=1) * trust)
    rivals = np.where(against.any(axis=1), points[against.argmax(axis=1)], -1)
    speaks = Y.any(axis=1).astype(np.float64)  # not so where a weight is 0
    companions = np.bincount(own, weights=speaks, minlength=len(classes))[own] - speaks
    judged = companions > 0
    order = np.lexsort((margins, ~judged))
    return SuspectLabels(
        nodes=points[order],
        labels=classes[own[order]],
        suggested=classes[suggested[order]],
        margins=margins[order],
        rivals=rivals[order],
        trust=trust[order],
        judged=judged[order],
    )


def _shares(left_out: LeftOut, Y: FloatArray) -> FloatArray:
    """Left-out scores divided by their sums; zeros where there are none."""
    scores = left_out.scores(Y)
    totals = scores.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(scores, totals, out=np.zeros_like(scores), where=totals > 0))
