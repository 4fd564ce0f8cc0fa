"""Read a label file without the page: export it, or go on with it as a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fewlabels._typing import Json, Loaded
from fewlabels.labelling._cache import Cache, usual_folder
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._export import Labels, check_format, format_of, write_labels
from fewlabels.labelling._file import LabelFile
from fewlabels.labelling._items import Items, open_items
from fewlabels.labelling._kept import keep_predictions, kept_predictions
from fewlabels.labelling._opening import about_of, cache_of, check_same, data_of
from fewlabels.labelling._snapshot import Predicted

if TYPE_CHECKING:
    # What learns is loaded where it is needed: an export of what was predicted does without.
    from fewlabels.labelling._points import Prepared, Stage
    from fewlabels.session import Session


def export_labels(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str] | IO[bytes],
    file_format: str | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    predictions: bool = True,
    replace: bool = True,
    cache: str | os.PathLike[str] | None = None,
    stage: Stage | None = None,
) -> None:
    """Write the labels of a label file, and the models' answers for the other points.

    It works at any time, also while the page is open. Tables get six more columns: ``label``, the
    one given, else the most probable class; ``confidence``, the probability that it is right;
    ``evidence``; ``given``, whether a person gave it; ``second``, the next most probable class;
    and ``doubt``: "given", "skipped", or as of :meth:`fewlabels.FewLabelsClassifier.doubt`;
    "unlabelled" without predictions. If the desired accuracy is proven, the predictions are the
    proven ones.

    Cells of the data are written exactly as they were read, including those that a spreadsheet
    interprets as formulas, so that other programs read the same values. Names of classes can't be
    formulas.

    Parameters
    ----------
    path : path-like
        The label file.
    target : path, or binary file
    file_format : {"csv", "tsv", "json", "jsonl", "parquet", "arrow", "npz", "xlsx", \
"label-studio", "prodigy", "folders"}, default=None
        "label-studio": tasks, with annotations and predictions; "prodigy": the answers, as JSON
        Lines; "folders": copies of the pictures, or texts, in a folder a class. None: told by the
        name of `target`.
    data : path-like, default=None
        The current location of the data, if it was moved.
    predictions : bool, default=True
        Whether to include predictions, not only labels that were given.
    replace : bool, default=True
        Whether an existing file may be replaced.
    cache : path-like, default=None
        As of :meth:`Labelling.open`.
    stage : callable, default=None
        Called with the name of the current step, and the share done.

    Raises
    ------
    LabellingError
        If there is no such label file.
    InvalidInputError
        If the data differ from those of the label file.
    DataFileError
        If the file can't be written; what stood there is then untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from fewlabels.labelling import Labelling, export_labels
    >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
    >>> pets = pd.DataFrame({"weight": [4, 30, 5, 28], "kind": ["cat", "dog", None, None]})
    >>> pets.to_csv(path, index=False)
    >>> Labelling.open(path, label="kind", cache=path.parent / "cache").close()
    >>> target = path.with_name("labels.csv")
    >>> export_labels(path.with_suffix(".fewlabels"), target, predictions=False)
    >>> print(target.read_text().splitlines()[1])
    4,cat,cat,1,0,true,,given
    """
    if file_format is None:
        to_path = isinstance(target, (str, os.PathLike))
        file_format = format_of(target) if to_path else "csv"  # type: ignore[arg-type] # a path
    check_format(file_format)
    file = LabelFile.open(Path(path), to_read=True)
    try:
        items, desk, about = _read(file, data)
        predicted = None
        if predictions and desk.ledger.labels:
            kept = _cache(about, cache)
            ids = [each.id for each in desk.ledger.classes]
            mark = desk.mark(desk.last_seq)
            predicted = kept_predictions(kept, mark, items.n_points, ids)
            if predicted is None:
                predicted = _said(desk, _prepared(items, about, kept, stage), about["seed"])
                keep_predictions(kept, predicted, mark)  # for the next export
        found = Labels(items, desk.ledger, predicted, file_format)
        write_labels(found, target, file_format, replace=replace)
    finally:
        file.close()


def load_session(
    path: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
) -> Session:
    r"""Continue a label file in Python: its labels, checks and proofs as a session.

    The session is a copy: answers given to it are not written to the label file.

    Parameters
    ----------
    path : path-like
        The label file.
    data : path-like, default=None
        The current location of the data, if it was moved.
    cache : path-like, default=None
        As of :meth:`Labelling.open`.

    Returns
    -------
    Session
        Its labels are the names of the classes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.labelling import Labelling, load_session
    >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight,kind\n4,cat\n30,dog\n5,\n28,\n")
    >>> Labelling.open(path, label="kind", cache=path.parent / "cache").close()
    >>> load_session(path.with_suffix(".fewlabels"), cache=path.parent / "cache").labels
    array(['cat', 'dog', None, None], dtype=object)
    """
    file = LabelFile.open(Path(path), to_read=True)
    try:
        items, desk, about = _read(file, data)
    finally:
        file.close()
    from fewlabels.labelling._mind import with_labels
    from fewlabels.session import Session
    from fewlabels.session._points import GraphPoints

    prepared = _prepared(items, about, _cache(about, cache), None)
    session = Session(GraphPoints(prepared.graph, prepared.values), random_state=about["seed"])
    session._data = prepared.values  # what `save` takes for the session's data
    names = desk.class_names()
    events = []
    for fed in desk.replay():
        events += [with_labels(event, names) for event in fed.events]
    session._state.replay(events, path)
    return session


def _read(file: LabelFile, data: str | os.PathLike[str] | None) -> tuple[Items, Desk, Loaded]:
    about = about_of(file)
    where = data_of(about, file.path) if data is None else Path(data)
    items = open_items(where, text=about["text"], label=about["label"])
    check_same(about, items, file.path)
    return items, Desk(file, items.n_points, about["seed"]), about


def _cache(about: Json, cache: str | os.PathLike[str] | None) -> Cache:
    folder = usual_folder() if cache is None else Path(cache)
    return cache_of(about, about["embeddings"], folder)


def _prepared(items: Items, about: Loaded, kept: Cache, stage: Stage | None) -> Prepared:
    from fewlabels.labelling._points import prepare

    return prepare(
        items,
        kept,
        stage or (lambda name, share: None),
        columns=about["columns"],
        embeddings=about["embeddings"],
    )


def _said(desk: Desk, prepared: Prepared, seed: int) -> Predicted:
    """Return what the models say now; there is a label."""
    from fewlabels.labelling._follower import Follower
    from fewlabels.labelling._saying import predicted_now

    follower = Follower(desk, prepared, seed)
    settings = desk.ledger.settings
    predicted = predicted_now(
        follower.mind, settings["accuracy"], settings["confidence"], follower.numbers
    )
    return predicted.without_unread(prepared.graph)
