"""Play the labelling loop where the answers are known, and see what each query rule is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Estimator, Json
from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import Graph
from fewlabels.graph._progress import Progress
from fewlabels.models._shared_kernel import GraphMaker
from fewlabels.session.simulation._many_curves import curves_of
from fewlabels.session.simulation._names import Query
from fewlabels.session.simulation._one_curve import simulate_one
from fewlabels.session.simulation._runs_file import PathLike
from fewlabels.session.simulation.comparison import Comparison
from fewlabels.session.simulation.learning_curve import LearningCurve


def simulate(
    X_or_graph: object = None,
    y: object = None,
    *,
    query: Query | Sequence[Query] | Mapping[str, Query] = "auto",
    model: Estimator = None,
    initial: str | int | npt.ArrayLike = "one per class",
    batch_size: int = 5,
    budget: int | None = None,
    repeats: int = 1,
    random_state: int | np.random.RandomState | None = None,
    save_to: PathLike | None = None,
    progress: Progress = False,
    n_jobs: int | None = None,
    graph: Graph | GraphMaker | None = None,
    data: Mapping[str, tuple[object, object]] | None = None,
) -> LearningCurve | Comparison:
    """Label points one batch after the other as query rules want, and measure how well it goes.

    One model on one set of points gives a :class:`LearningCurve`; several models, or several sets,
    a :class:`Comparison` of all models with all rules on all sets.

    Each rule begins with the same labels, gets `batch_size` answers at a time, and the model
    learns them without a new graph. After each batch, the points that have no label
    yet are predicted and compared with the truth. All is done `repeats` times, each time from
    other first labels, and beside the rules always with random questions, from the same first
    labels: a rule that does not beat these is not worth its while.

    Parameters
    ----------
    X_or_graph : {array-like, sparse matrix, Graph} of shape (n_points, n_features), or other data
        Features, of which a graph is made, once; or a graph. Tables, texts and pictures become
        points by :func:`fewlabels.make_points`, once and without the labels. Not with `data`.
    y : array-like of shape (n_points,), or callable
        The true labels; not with `data`. Points without one (-1, None or NaN, as an estimator
        takes them) are in the graph, but never asked about, and not in any accuracy. Or an oracle:
        ``y(indices) -> labels``, called once with all the point numbers.
    query : str, QueryRule, class, function, or list or mapping of these, default="auto"
        What to ask by; see :func:`fewlabels.queries.make_rule`. A mapping names its rules, such
        as two settings of the same. ``"all"``: every rule of fewlabels. ``"random"`` is added if
        it is not there.
    model : classifier, ModelPair, TransductiveModel, or mapping of these, default=None
        Unfitted. A classifier of fewlabels makes its own graph of features. One of scikit-learn is
        fitted anew on the labelled points after each batch, and asked about all; give it a
        `random_state`. An object of your own has to offer what
        :class:`fewlabels.models.TransductiveModel` says. Of a pair one asks and the other answers.
        The graph is that of :func:`fewlabels.graph.shared_neighbor_graph` for these. A mapping
        names several, which begin with the same labels. None:
        :func:`fewlabels.models.recommended_models`; above 20,000 points, where
        :class:`FewLabelsClassifier` would take seconds after each batch, the one that asks
        answers, too.
    initial : "one per class", int, or array-like of int, default="one per class"
        The first labels: one random point of each class; so many random points; these points
        (in every repeat). 0: none, so that the first batch too is the rule's choice.
    batch_size : int, default=5
        Questions at a time; at least 1. The last batch may be smaller.
    budget : int, default=None
        Labels in all, the first ones included; fewer than there are points with a true label.
        None: 100, or half of those points if that is less.
    repeats : int, default=1
        At least 1. Intervals need two or more.
    random_state : int, RandomState or None, default=None
        Each run has a generator of its own, which depends on this, the rule's name and the number
        of the repeat: a run comes out the same whatever else is run, and in whatever order.
    save_to : path, default=None
        A file of JSON lines to which each finished run is appended. If it exists, its runs are
        taken from there, so that an interrupted simulation goes on, and rules and repeats may
        be added to a finished one. With ``random_state=None`` it goes on with the file's own. Of
        several models or sets, a folder of such files.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share that
        is done, from 0 to 1.
    n_jobs : int, default=None
        Runs at a time, one a repeat of a rule, as in scikit-learn: None is 1 outside a
        :func:`joblib.parallel_config`, -1 one for each core. Each of several is played in a
        process of its own, whatever backend joblib is set to. The curves are the same for any
        number; only `seconds` are longer where runs share cores and memory.
    graph : Graph or callable, default=None
        Of the rows of `X_or_graph`, where these are features: in place of the one made. Or a
        function that makes it of the features as numbers.
    data : mapping from name to (X_or_graph, y), default=None
        Several sets of points, in place of `X_or_graph` and `y`.

    Returns
    -------
    LearningCurve or Comparison

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a setting is out of range or does not fit the data; if the oracle raises, or gives no
        answer for some point; if a rule returns something else than it was asked for.
    DataFileError
        If `save_to` holds runs of other data or settings, no runs at all, a damaged one, or can't
        be written.

    Notes
    -----
    Unreached points count as answered wrongly. Each run has one thread for dense linear algebra
    (BLAS); with one job the whole process has, while a run lasts.
    If a class has no label yet, a `class_prior` that holds a share for each class is used as far
    as it goes, as a :class:`Session` does. Cost: that of the rule and of `add_labels`, times
    the number of batches, rules and repeats; the graph is made once.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels.session import simulate
    >>> X, y = load_iris(return_X_y=True)
    >>> curve = simulate(X, y, query="auto", budget=15, batch_size=4, repeats=2, random_state=0)
    >>> curve.labels
    array([ 3,  7, 11, 15])
    >>> curve.queries
    ('auto', 'random')
    >>> curve.accuracy["auto"].shape
    (2, 4)

    Several models, those of scikit-learn among them:

    >>> from sklearn.naive_bayes import GaussianNB
    >>> compared = simulate(
    ...     X, y, model={"ours": None, "naive Bayes": GaussianNB()}, query="random",
    ...     budget=12, repeats=2, random_state=0,
    ... )
    >>> compared.methods
    ('ours', 'naive Bayes')
    >>> compared.scores().shape
    (1, 2)
    """
    settings: Json = {
        "query": query,
        "initial": initial,
        "batch_size": batch_size,
        "budget": budget,
        "repeats": repeats,
        "n_jobs": n_jobs,
        "graph": graph,
    }
    several = isinstance(model, Mapping)
    if data is None:
        if y is None:
            raise InvalidTypeError("simulate takes points and their true labels, or data={...}.")
        if not several:
            return simulate_one(
                X_or_graph,
                y,
                model=model,
                random_state=random_state,
                save_to=save_to,
                progress=progress,
                **settings,
            )
        data = {"data": (X_or_graph, y)}
    elif X_or_graph is not None or y is not None:
        raise InvalidTypeError("data holds points and labels: leave X_or_graph and y out.")
    models = model if several else {"model": model}
    return Comparison(curves_of(data, models, random_state, save_to, progress, settings))
