"""Several models on several sets of points, from the same first labels."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from fewlabels._progress import Progress
from fewlabels._typing import Fields
from fewlabels._validation import check_seed
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.session.simulation._one_curve import drawn_seed
from fewlabels.session.simulation._runs_file import PathLike
from fewlabels.session.simulation.learning_curve import LearningCurve


def curves_of(
    data: object,
    models: Fields,
    random_state: int | np.random.RandomState | None,
    save_to: PathLike | None,
    progress: Progress,
    curve_of: Callable[..., LearningCurve],
) -> dict[str, dict[str, LearningCurve]]:
    """Return the curves of each model on each set of points.

    Parameters
    ----------
    data : mapping from name to (points, labels)
    models : mapping from name to model
    random_state : as of :func:`simulate`
        One seed for all, so that all begin with the same labels.
    save_to : path or None
        A folder, which gets a file for each set and model.
    progress : as of :func:`simulate`
    curve_of : callable
        :func:`simulate_one` with all other settings.
    """
    if not isinstance(data, Mapping) or not data or not models:
        raise InvalidInputError("data and model must name one set of points and one model or more.")
    for name, pair in data.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            size = f" of {len(pair)}" if isinstance(pair, (tuple, list)) else ""
            raise InvalidTypeError(
                f"data must hold pairs (points, true labels); {name!r} is of type "
                f"{type(pair).__name__}{size}."
            )
    if save_to is not None and random_state is None:
        raise InvalidInputError(
            "save_to of several models or sets needs a random_state, so that those that are added "
            "later begin with the same labels."
        )
    check_seed(random_state)
    seed = drawn_seed(random_state)
    files = {}
    if save_to is not None:
        Path(save_to).mkdir(parents=True, exist_ok=True)
        files = {(d, m): Path(save_to) / _file_name(d, m) for d in data for m in models}
    curves: dict[str, dict[str, LearningCurve]] = {name: {} for name in data}
    tasks = [(name, model) for name in data for model in models]
    for i, (name, model) in enumerate(tasks):
        X, y = data[name]
        try:
            curves[name][model] = curve_of(
                X,
                y,
                model=models[model],
                random_state=seed,
                save_to=files.get((name, model)),
                progress=_part(progress, i, len(tasks)),
            )
        except InvalidInputError as error:
            raise type(error)(f"data {name!r}, model {model!r}: {error}") from error
        except Exception as error:  # of a model of others, whose errors are theirs
            error.add_note(f"This was data {name!r}, model {model!r}.")
            raise
    return curves


def _part(progress: Progress, i: int, n: int) -> Progress:
    """Return what one of `n` simulations reports to."""
    if not callable(progress):
        return progress
    report: Callable[[float], object] = progress
    return lambda share: report((i + share) / n)


def _file_name(*names: str) -> str:
    """Return a file name that says what is in it, and differs for each names."""
    said = "_".join(re.sub(r"[^A-Za-z0-9-]+", "-", str(name)) for name in names)
    return f"{said}_{zlib.crc32(repr(names).encode()):08x}.jsonl"
