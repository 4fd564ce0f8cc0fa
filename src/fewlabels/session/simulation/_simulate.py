"""Play the labelling loop where the answers are known, and see what each query rule is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from fewlabels._progress import Progress
from fewlabels._typing import Estimator
from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import Graph
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
    """Replay the labelling loop with query rules, and measure how accuracy grows.

    One model on one data set gives a :class:`LearningCurve`; several models or data sets give a
    :class:`Comparison` of all models with all rules on all data sets.

    Each rule starts with the same labels and gets `batch_size` answers at a time, which the model
    learns on the same graph. After each batch, the unlabelled points are predicted and compared
    with the truth. This is done `repeats` times, each time from other starting labels. Random
    questions from the same starting labels are always included: a rule that does not beat them is
    not worth using.

    Parameters
    ----------
    X_or_graph : {array-like, sparse matrix, Graph} of shape (n_points, n_features), or other data
        Features, from which a graph is built once; or a graph. Tables, texts and pictures are
        turned into points by :func:`fewlabels.make_points`, once and without the labels. Not with
        `data`.
    y : array-like of shape (n_points,), or callable
        The true labels; not with `data`. Points without one (-1, None or NaN, as for an estimator)
        are in the graph, but they are never asked about, and don't count in the accuracy. Or an
        oracle:
        ``y(indices) -> labels``, called once with all the point numbers.
    query : str, QueryRule, class, function, or list or mapping of these, default="auto"
        The rules to compare; see :func:`fewlabels.queries.make_rule`. A mapping gives them names,
        such as for two settings of one rule. ``"all"``: every rule of fewlabels. ``"random"`` is
        added if it is missing.
    model : classifier, ModelPair, TransductiveModel, or mapping of these, default=None
        Unfitted. A classifier of fewlabels builds its own graph from features. A classifier of
        scikit-learn is refitted on the labelled points after each batch, and predicts all points;
        set its `random_state`. An object of your own has to follow the protocol
        :class:`fewlabels.models.TransductiveModel`. Of a pair, one asks and the other answers. For
        all of these, the graph is that of :func:`fewlabels.graph.shared_neighbor_graph`. A mapping
        names several, which start with the same labels. None:
        :func:`fewlabels.models.recommended_models`; above 20,000 points, where
        :class:`FewLabelsClassifier` would take seconds after each batch, the model that asks also
        answers.
    initial : "one per class", int, or array-like of int, default="one per class"
        The starting labels: one random point of each class; this number of random points; or these
        points (in every repeat). 0: none, so that the rule also chooses the first batch.
    batch_size : int, default=5
        Questions at a time; at least 1. The last batch may be smaller.
    budget : int, default=None
        Total number of labels, including the starting labels; fewer than there are points with a
        true label. None: 100, or half of those points if that is less.
    repeats : int, default=1
        At least 1. Intervals need two or more.
    random_state : int, RandomState or None, default=None
        Each run has its own generator, which depends on this seed, the rule's name and the number
        of the repeat: a run has the same result whatever else is run, and in whatever order.
    save_to : path, default=None
        A file of JSON lines to which each finished run is appended. If it exists, its runs are
        reused, so that an interrupted simulation continues, and rules and repeats can be added to a
        finished one. With ``random_state=None``, the file's seed is used. With several models or
        data sets, a folder of such files.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share done, from
        0 to 1.
    n_jobs : int, default=None
        Number of runs at a time, as in scikit-learn: None means 1 outside a
        :func:`joblib.parallel_config`, -1 one for each core. Parallel runs have a process each,
        whatever joblib's backend is. The curves are the same for any number; only `seconds` are
        longer if runs share cores and memory.
    graph : Graph or callable, default=None
        A graph of the rows of `X_or_graph`, if these are features, instead of the default one. Or a
        function that builds it from the numeric features.
    data : mapping from name to (X_or_graph, y), default=None
        Several data sets, instead of `X_or_graph` and `y`.

    Returns
    -------
    LearningCurve or Comparison

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a setting is out of range or does not fit the data; if the oracle raises an error, or
        gives no answer for some point; if a rule returns something other than what it was asked
        for.
    DataFileError
        If `save_to` contains runs of other data or settings, no runs, or a damaged one, or can't be
        written.

    Notes
    -----
    Unreached points count as wrong. Each run uses one thread for dense linear algebra (BLAS); with
    one job, so does the whole process during a run. If a class has no label yet, a `class_prior`
    that holds a share for each class is used as far as it goes, as a :class:`Session` does. Cost:
    that of the rule and of `add_labels`, times the number of batches, rules and repeats; the graph
    is made once.

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
    curve_of = partial(
        simulate_one,
        query=query,
        initial=initial,
        batch_size=batch_size,
        budget=budget,
        repeats=repeats,
        n_jobs=n_jobs,
        graph=graph,
    )
    several = isinstance(model, Mapping)
    if data is None:
        if y is None:
            raise InvalidTypeError("simulate takes points and their true labels, or data={...}.")
        if not several:
            return curve_of(
                X_or_graph,
                y,
                model=model,
                random_state=random_state,
                save_to=save_to,
                progress=progress,
            )
        data = {"data": (X_or_graph, y)}
    elif X_or_graph is not None or y is not None:
        raise InvalidTypeError("data holds points and labels: leave X_or_graph and y out.")
    models = model if several else {"model": model}
    return Comparison(curves_of(data, models, random_state, save_to, progress, curve_of))
