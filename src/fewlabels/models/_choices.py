"""What an estimator chose by itself, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fewlabels.graph import Graph


@dataclass(frozen=True)
class Choice:
    """One choice.

    Attributes
    ----------
    value : object
        What was chosen.
    why : str
        One sentence.
    figures : dict of str to float
        The numbers on which the choice was based; may be empty.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> y[5:50] = y[55:100] = y[105:] = -1
    >>> model = FewLabelsClassifier().fit(X, y)
    >>> print(model.choices_["class_prior"].value)
    auto
    """

    value: object
    why: str
    figures: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.value}: {self.why}"


class Choices(Mapping[str, Choice]):
    """The choices of a fitted estimator, by name; printed one per line.

    Parameters
    ----------
    chosen : dict of str to Choice
    notes : tuple of str
        Other things that a user should know, such as a class with a single label.

    Examples
    --------
    >>> from fewlabels.models import Choice, Choices
    >>> choices = Choices({"alpha": Choice(0.995, "the default")}, ("class 'cat' has one label",))
    >>> print(choices)
    alpha = 0.995: the default
    note: class 'cat' has one label
    >>> choices["alpha"].value
    0.995
    """

    def __init__(self, chosen: dict[str, Choice], notes: tuple[str, ...] = ()) -> None:
        self._chosen = dict(chosen)
        self.notes = tuple(notes)

    def __getitem__(self, name: str) -> Choice:
        return self._chosen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._chosen)

    def __len__(self) -> int:
        return len(self._chosen)

    def __repr__(self) -> str:
        lines = [f"{name} = {choice}" for name, choice in self._chosen.items()]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def graph_choice(graph: Graph, *, own: bool, precomputed: bool, beside: bool = False) -> Choice:
    """Say what graph labels spread over.

    Parameters
    ----------
    graph : Graph
    own : bool
        Whether the estimator built it.
    precomputed : bool
        Whether affinities were given.
    beside : bool, default=False
        Whether the graph came beside features.
    """
    info = graph.build_info
    if not own:
        given = "affinities" if precomputed else "a graph"
        where = "beside the" if beside else "in place of"
        verb = "are used as they are" if precomputed else "is used as it is"
        return Choice("given", f"{given} came {where} features, and {verb}")
    hubness, k = info["hubness"], info["n_neighbors"]
    figures = {"n_neighbors": k, "one_sided": info["one_sided"], "hubness": hubness}
    if info.get("alike"):
        return Choice(f"nearest, {k} neighbours, all alike", "the points say so", figures)
    name = f"shared-neighbors, {k} neighbours, one-sided edges count {info['one_sided']:g}"
    kind = "few points are hubs" if info["one_sided"] > 0.1 else "many points are hubs"
    return Choice(name, f"{kind} (skewness of the in-degrees {hubness:.1f}; 2 is many)", figures)
