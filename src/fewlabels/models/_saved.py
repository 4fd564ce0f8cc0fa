"""A fitted classifier in a file without pickle: what it was fitted on, and the settings.

A fit is deterministic, so that the file holds no answers: features, graph and labels are kept, and
the model is fitted on them again. That takes seconds where the graph took minutes, and a file says
the same under a version that solves better.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any, TypedDict, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from fewlabels._damage import UNREADABLE, reason
from fewlabels._labels import Labels
from fewlabels._state_files import read_state, write_state
from fewlabels._typing import Cells, Estimator, Objects, State
from fewlabels._version import __version__
from fewlabels.exceptions import DataFileError, FewLabelsError, InvalidInputError, InvalidTypeError
from fewlabels.features.points_state import points_of_state, points_state
from fewlabels.graph import Graph
from fewlabels.models._targets import RowLabels, SoftLabels

FloatArray = npt.NDArray[np.float64]

FORMAT = "fewlabels-model"
VERSION = 1
_KIND = "model file"
_ADVICE = "Copy it again, or fit the model and save it anew."

# Settings that change no answer are those of whoever loads the file.
_NOT_KEPT = ("n_jobs", "verbose")

_MARKERS = {"none": None, "minus one": -1, "minus one, float": -1.0, "nan": np.nan}


_KNOWN: dict[str, type[BaseEstimator]] = {}
_Model = TypeVar("_Model", bound=BaseEstimator)


class _SavedLabels(TypedDict):
    """The labels in a file."""

    classes: np.ndarray | Cells
    codes: npt.NDArray[np.int32]
    marker: str
    weights: FloatArray | None
    rows: FloatArray | None  # of soft labels, a row a labelled point


def can_be_saved(model: type[_Model]) -> type[_Model]:
    """Register a class of which files may speak by name."""
    _KNOWN[model.__name__] = model
    return model


def save_model(
    model: Estimator,
    path: str | os.PathLike[str],
    about: State | None = None,
    *,
    classes: Objects | None = None,
    replace: bool = True,
) -> None:
    """Write a fitted model, and other information about it (JSON values).

    If given, `classes` are written instead of those that it was fitted on, in the same order.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> from fewlabels.models import load_model, save_model
    >>> X, y = load_iris(return_X_y=True)
    >>> y[5:50] = y[55:100] = y[105:] = -1
    >>> path = Path(tempfile.mkdtemp()) / "iris.model"
    >>> save_model(FewLabelsClassifier().fit(X, y), path, about={"flower": "iris"})
    >>> model, about = load_model(path)
    >>> about["flower"]
    'iris'
    """
    check_is_fitted(model)
    if not isinstance(model.graph_, Graph):
        raise InvalidTypeError("a model on a graph on disk is not saved; its graph is a file.")
    state = {
        "model": type(model).__name__,
        "settings": _settings(model),
        "labels": _labels_state(model._labels, classes),
        "points": _points_state(model),
        "graph": model.graph_._state(),
        "about": about or {},
    }
    header = {"format": FORMAT, "version": VERSION, "written by": __version__}
    write_state(path, header, state, replace=replace)


def load_model(path: str | os.PathLike[str]) -> tuple[Any, State]:
    """Return the fitted model in a file, and what was stored about it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> from fewlabels.models import load_model
    >>> X, y = load_iris(return_X_y=True)
    >>> y[5:50] = y[55:100] = y[105:] = -1
    >>> path = Path(tempfile.mkdtemp()) / "iris.model"
    >>> FewLabelsClassifier().fit(X, y).save(path)
    >>> model, about = load_model(path)
    >>> model.predict(X[:2])
    array([0, 0])
    """
    name = os.fspath(path)
    state = read_state(path, FORMAT, VERSION, kind=_KIND, advice=_ADVICE)["state"]
    try:
        kind = _KNOWN[state["model"]]
        model = kind(**_checked_settings(kind, state["settings"]))
        labels = _labels_of(state["labels"])
        graph = Graph._from_state(state["graph"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they came when it was fitted first
            _fit(model, state["points"], labels, graph)
        about = state["about"]
        if not isinstance(about, dict):
            raise ValueError("what is said about the model is no object")
    except MemoryError:
        raise
    except FewLabelsError as error:
        told = str(error).rstrip(".")
        raise DataFileError(f"{name} is damaged: {told}. {_ADVICE}") from error
    except UNREADABLE as error:
        raise DataFileError(f"{name} is damaged: {reason(error)}. {_ADVICE}") from error
    return model, about


def _settings(model: Estimator) -> State:
    settings = {
        name: value for name, value in model.get_params(deep=False).items() if name not in _NOT_KEPT
    }
    if not (settings["class_prior"] is None or isinstance(settings["class_prior"], str)):
        settings["class_prior"] = np.asarray(model.class_prior_)  # in the order of classes_
    return settings


def _checked_settings(kind: type[BaseEstimator], settings: object) -> State:
    known = set(kind().get_params(deep=False)).difference(_NOT_KEPT)
    if not isinstance(settings, dict) or set(settings) - known:
        raise ValueError("settings of the model are unknown")
    return settings


def _points_state(model: Estimator) -> State | None:
    """Return the features, if the model knows any, with what makes them of data."""
    if not hasattr(model, "X_"):
        return None
    return {**points_state(model.points_), "values": model.X_}


def _fit(model: Estimator, state: object, labels: Labels, graph: Graph) -> None:
    if graph.n_nodes != len(labels.codes):
        raise ValueError("there are other numbers of labels and points")
    if state is None:
        model.fit(graph.affinity if model.kernel == "precomputed" else graph, labels)
        return
    model.fit(points_of_state(state), labels, graph=graph)


def _labels_state(labels: Labels, named: Sequence[object] | None) -> _SavedLabels:
    classes = labels.classes
    entries: np.ndarray | Cells = classes
    marker = labels.marker
    if named is not None:
        classes, marker = np.empty(len(named), dtype=object), None
        classes[:] = named
    if classes.dtype.kind == "O":
        entries = classes.tolist()
        if not all(isinstance(entry, (str, int, float, bool)) for entry in entries):
            odd = next(e for e in entries if not isinstance(e, (str, int, float, bool)))
            raise InvalidInputError(
                f"classes are saved as text, numbers or times of NumPy, and {odd!r:.100} is a "
                f"{type(odd).__name__}. Fit on their names."
            )
    if isinstance(marker, (np.datetime64, np.timedelta64)):
        said = "not a time"
    elif marker is None or (isinstance(marker, float) and np.isnan(marker)):
        said = "none" if marker is None else "nan"
    else:
        said = "minus one, float" if isinstance(marker, float) else "minus one"
    return {
        "classes": entries,
        "codes": np.asarray(labels.codes, dtype=np.int32),
        "marker": said,
        "weights": labels.weights,
        "rows": labels.rows if isinstance(labels, RowLabels) else None,
    }


def _labels_of(state: _SavedLabels) -> Labels:
    held = state["classes"]
    if isinstance(held, list):
        if not all(isinstance(entry, (str, int, float, bool)) for entry in held):
            raise ValueError("its classes are none")
        classes = np.empty(len(held), dtype=object)
        classes[:] = held
    else:
        classes = held
    codes = np.asarray(state["codes"], dtype=np.intp)
    n_classes = len(classes)
    sound = classes.ndim == 1 and codes.ndim == 1 and n_classes and len(set(classes.tolist()))
    if sound != n_classes or codes.min(initial=-1) < -1 or codes.max(initial=-1) >= n_classes:
        raise ValueError("its classes and labels don't fit")
    if state["marker"] == "not a time":
        marker = np.array(["NaT"], classes.dtype)[0]
    else:
        marker = _MARKERS[state["marker"]]
    labelled = codes >= 0
    if set(codes[labelled].tolist()) != set(range(n_classes)) and state["rows"] is None:
        raise ValueError("some of its classes have no label")
    weights = state["weights"]
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        fits = weights.shape == codes.shape and np.isfinite(weights).all()
        if not fits or not np.array_equal(weights > 0, labelled):
            raise ValueError("its weights are none")
    if state["rows"] is None:
        return Labels(classes, codes, marker, weights)
    rows = np.asarray(state["rows"], dtype=np.float64)
    fits = rows.shape == (int(labelled.sum()), n_classes) and np.isfinite(rows).all()
    if not fits or (rows < 0).any() or not np.array_equal(rows.argmax(axis=1), codes[labelled]):
        raise ValueError("its soft labels are none")
    return SoftLabels(classes, codes, marker, weights, rows=rows)
