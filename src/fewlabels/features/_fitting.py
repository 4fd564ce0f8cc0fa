"""Fit one column of a table: tell what it is, learn how to encode it, and say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import Cells, Estimator, Matrix, Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.features._date_numbers import about_date_numbers
from fewlabels.features._point_maker import point_maker
from fewlabels.features._reading import (
    DAYS,
    about_words,
    check_finite,
    decimal_mark_of,
    folder_of,
    missing_said,
    read_as,
    refuse_mixed,
)
from fewlabels.features._resolved import holds_rows
from fewlabels.features._stand_ins import about_alike, about_stand_ins
from fewlabels.features._table_columns import (
    FittedColumn,
    TableColumn,
    TransformerEncoder,
    at_the_mean,
    blank_items,
    encoder_of,
    scaling,
)
from fewlabels.features._telling import (
    Taken,
    all_different,
    is_like_a_code,
    is_the_label,
    taken_for,
)
from fewlabels.features._weighing import USUAL, labelled_rows, text_weights
from fewlabels.features.embeddings import embeddings_of
from fewlabels.features.new_points import IntArray
from fewlabels.io._spelled import UNIT
from fewlabels.io._table import Block, Categories, Dates, Numbers, Table, View, quoted, setting

ONE_VALUE = "one value only"


@dataclass(frozen=True)
class Settings:
    """What all columns of a table are fitted with.

    Attributes
    ----------
    codes : ndarray of int, or None
        The classes, -1 where unlabelled.
    scale : bool
    embeddings : object
    random_state : int
    by_labels : bool
        Whether there are labels enough to leave some out.
    added : mapping of str to str
        Columns that are answers of an earlier run, or a program's notes, and what they are.
    takes_rows : str or None
        The one column that `embeddings` belong to, where they are rows and not a model.
    numbered : bool
        Whether names that differ in the number at their end only are used as texts.
    """

    codes: npt.NDArray[np.intp] | None
    scale: bool
    embeddings: object
    random_state: int
    by_labels: bool
    added: Mapping[str, str] = field(default_factory=dict)
    takes_rows: str | None = None
    numbered: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A column that is not used; `about` says why."""

    about: TableColumn
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Used:
    """A column as it is used, with its `raw` features; in the rows `unread` it says nothing.

    `by_labels` says that it is used only if labels speak for it, and else left out for `reason`;
    `named`, that a person said of it that it is to be used.
    """

    about: TableColumn
    fitted: FittedColumn
    raw: Matrix
    unread: IntArray
    warnings: tuple[str, ...] = ()
    by_labels: bool = False
    reason: str = ""
    named: bool = False

    def points(self, rows: IntArray, weight: float | None = None) -> Matrix:
        """Return the features of some rows, centred and scaled; with another weight if given."""
        fitted = self.fitted if weight is None else self.fitted.weighing(weight)
        return fitted.scaled(self.raw[rows])

    def weighing(self, weight: float) -> Used | LeftOut:
        """Return the column with another weight; left out if that is 0."""
        if weight == 0:
            reason = self.reason or "the labels are told better without it"
            return LeftOut(replace(self.about, kind="left out", width=0, note=reason, weight=0.0))
        about = replace(self.about, weight=weight)
        return replace(self, about=about, fitted=self.fitted.weighing(weight))


def weighed(found: Sequence[Used | LeftOut], settings: Settings) -> list[Used | LeftOut]:
    """Return the columns with the weights of texts that labels left out speak for."""
    used = [each for each in found if isinstance(each, Used)]
    worded = {each.about.name: each for each in used if each.about.kind == "text"}
    if settings.codes is None or not settings.by_labels or not worded:
        return list(found)
    rows = labelled_rows(settings.codes)
    others = [each.points(rows) for each in used if each.about.name not in worded]
    usual = {name: 0.0 if each.by_labels else USUAL for name, each in worded.items()}
    texts = {name: each.points(rows, weight=1.0) for name, each in worded.items()}
    kept = {name for name, each in worded.items() if each.named}
    if not others and not kept:  # something must be used
        kept = {name for name, each in worded.items() if not each.by_labels}
    weights = text_weights(others, texts, usual, settings.codes[rows], kept)
    return [
        worded[each.about.name].weighing(weights[each.about.name])
        if each.about.name in worded
        else each
        for each in found
    ]


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """A column as it was read: what it is taken for; `asked` if a person said so.

    Texts and pictures, which take long, and lists are read when they are encoded.
    """

    table: Table
    name: str
    taken: Taken
    view: Package
    asked: bool


def read_column(
    table: Table, name: str, asked: str | None, settings: Settings
) -> ReadColumn | LeftOut:
    """Return a column as it is to be used, or why it is not.

    Parameters
    ----------
    table : Table
    name : str
    asked : str or None
        What it is said to be; one of :data:`fewlabels.features.columns_read.KINDS`.
    settings : Settings

    Raises
    ------
    InvalidInputError
        If it can't be read as what it is; if numbers are infinite, or have text among them.
    """
    if asked == "drop":
        return _left_out(name, "excluded")
    if asked is None and name in settings.added:
        return _left_out(name, settings.added[name])
    kind, form = _kind_and_form(asked)
    if kind is not None:
        if kind == "number" and isinstance(table.view(name), Dates):
            form = DAYS
        read = _checked(table, name, read_as(table, name, kind, form), kind)
        return ReadColumn(table, name, Taken(kind, form), read, asked=True)
    if asked is None and is_the_label(table, name, settings.codes):
        return _left_out(name, "it is the labels")
    view = table.view(name)
    takes_rows = name == settings.takes_rows
    numbered = settings.numbered or takes_rows
    taken = taken_for(name, view, folder_of(table), asked=asked == "use", numbered=numbered)
    if takes_rows:  # which say what the texts mean, so nothing about these is in doubt
        taken = replace(taken, by_labels=False, doubt="")
    if taken.kind == "left out" or (taken.by_labels and not settings.by_labels):
        return _left_out(name, taken.reason, taken.doubt)
    refuse_mixed(table, name, view)
    view = _checked(table, name, view, taken.kind)
    return ReadColumn(table, name, taken, view, asked=asked == "use")


def _checked(table: Table, name: str, view: Package, kind: str) -> Package:
    if kind in ("number", "array"):
        check_finite(table, name, view.values)
    return view


def sparsely(used: Sequence[Used]) -> list[Used]:
    """Return columns of which those of 0 and 1 stay sparse, if others are; distances are as before.

    Centred, every row would hold a number for each name of a category.
    """
    if not any(sparse.issparse(each.raw) for each in used):
        return list(used)
    return [
        replace(each, fitted=replace(each.fitted, means=np.zeros(each.fitted.width)))
        if each.about.kind in ("category", "list")
        else each
        for each in used
    ]


def column_of_rows(table: Table, kinds: Mapping[str, str], settings: Settings) -> str | None:
    """Return the one column that embeddings that came as rows belong to.

    The one that is said to be text or pictures, else the one of free text or pictures, else the
    one of short text. None if there is none, or a model makes the rows, of any column.

    Raises
    ------
    InvalidInputError
        If several could be meant.
    """
    if settings.embeddings is None or not holds_rows(embeddings_of(settings.embeddings).model):
        return None
    said = [name for name, kind in kinds.items() if kind in ("text", "image")]
    free: list[str] = []
    short: list[str] = []
    for name in table.names:
        asked = kinds.get(name)
        if asked not in (None, "use") or name in settings.added:
            continue
        if asked is None and is_the_label(table, name, settings.codes):
            continue
        view = table.view(name)
        taken = taken_for(
            name, view, folder_of(table), asked=asked == "use", numbered=settings.numbered
        )
        if taken.kind in ("text", "image"):
            (short if taken.by_labels else free).append(name)
    found = said or free or short
    if not found and not settings.numbered:
        return column_of_rows(table, kinds, replace(settings, numbered=True))
    if len(found) > 1:
        raise InvalidInputError(
            f"embeddings that came as an array belong to one column, and {quoted(found)} could be "
            f"meant. Say which: {setting('columns', {found[0]: 'text'})}"
            + (" alone." if said else ".")
        )
    return found[0] if found else None


def _kind_and_form(asked: str | None) -> tuple[str | None, str]:
    if asked in (None, "use"):
        return None, ""
    kind, _, form = str(asked).partition(":")
    return kind, form


def encoded(column: ReadColumn, settings: Settings) -> Used | LeftOut:
    """Return a column as it is used, or why it is not."""
    table, name, taken, view = column.table, column.name, column.taken, column.view
    if isinstance(view, Categories) and taken.kind in ("list", "text", "image"):
        view = read_as(table, name, taken.kind, taken.form)
    reason = _tells_nothing(view)
    if reason:
        return _left_out(name, reason, taken.doubt)
    warnings: tuple[str, ...] = ()
    unread = unknown = np.empty(0, dtype=np.intp)
    encoder: Estimator
    if taken.kind in ("text", "image"):
        made = _transformer(name, taken.kind, settings)
        # without the labels, which tell how much it counts: they are too few to choose twice
        raw = made._fit_points(view)
        encoder = TransformerEncoder(made)
        warnings = tuple(f"column {name!r}: {line}" for line in encoder.warnings)
        unread = np.array(sorted(getattr(made, "unread_", ())), dtype=np.intp)
        unknown = np.union1d(unread, blank_items(view))
    else:
        encoder = encoder_of(taken.kind).fitted(view, scale=settings.scale)
        if not encoder.names:
            return _left_out(name, ONE_VALUE)
        raw = encoder.raw(view)
        if not np.ptp(raw, axis=0).any():
            return _left_out(name, "nearly every value differs from all others")
        unknown = np.flatnonzero(encoder.unknown(view))
    read = np.setdiff1d(np.arange(table.n_rows), unread) if len(unread) else slice(None)
    means, factor = scaling(raw[read], scale=settings.scale)
    raw = at_the_mean(raw, unread, means)
    decimal = decimal_mark_of(table, name, view) if isinstance(view, Numbers) else None
    form = taken.form or (view.form if isinstance(view, (Dates, Numbers)) else "")
    if isinstance(view, Numbers):
        form = form or UNIT  # of models before, nobody knows whether there was one
    weight = USUAL if taken.kind == "text" and settings.scale else 1.0
    fitted = FittedColumn(
        name, taken.kind, encoder, means, factor, weight, form=form, decimal=decimal
    )
    about = TableColumn(
        name,
        taken.kind,
        fitted.width,
        encoder.note,
        weight,
        all_different=not column.asked and isinstance(view, Numbers) and all_different(view.values),
        like_a_code=not column.asked and isinstance(view, Numbers) and is_like_a_code(name, view),
        said=_said(view),
        doubt=_doubt(table, name, taken, view, asked=column.asked),
    )
    named = column.asked or name == settings.takes_rows
    return Used(about, fitted, raw, unknown, warnings, taken.by_labels, taken.reason, named)


def _tells_nothing(view: View | Cells) -> str:
    """Return why a column is the same in every row; empty if it is not."""
    if isinstance(view, list):
        filled = [item for item in view if item not in ("", None)]
        return "" if len(set(filled)) > 1 or 0 < len(filled) < len(view) else _same(filled)
    if isinstance(view, Categories):
        missing = bool((view.codes < 0).any())
        n_values = len(np.unique(view.codes[view.codes >= 0]))
        return "" if n_values > 1 or (n_values and missing) else _same(view.levels)
    values = getattr(view, "values", None)
    if values is None:
        values = getattr(view, "days", None)
    if values is None:
        lists = [names for names in getattr(view, "lists", ()) if names is not None]
        return "" if len(set(map(frozenset, lists))) > 1 else _same(lists)
    missing = np.isnan(values)
    if missing.all():
        return "empty"
    alike = bool((values == values[0]).all()) and not missing.any()
    return ONE_VALUE if alike else ""


def _same(filled: Sized) -> str:
    return ONE_VALUE if len(filled) else "empty"


def _transformer(name: str, kind: str, settings: Settings) -> Estimator:
    embeddings = settings.embeddings
    rows = embeddings is not None and holds_rows(embeddings_of(embeddings).model)
    if name == settings.takes_rows or (kind == "text" and embeddings is not None and not rows):
        return embeddings_of(embeddings)
    if kind == "image":
        images = point_maker("Images")(random_state=settings.random_state)
        images._compares = False
        return images
    return point_maker("Texts")(random_state=settings.random_state)


def _doubt(table: Table, name: str, taken: Taken, view: Package, *, asked: bool) -> str:
    if asked and taken.kind == "category":
        return ""
    if isinstance(view, Numbers):
        others = "" if asked else about_stand_ins(view) or about_date_numbers(name, view.values)
        return ". It ".join(filter(None, (view.doubt, others)))
    stand_ins = about_stand_ins(view)
    words = about_words(table, view) if isinstance(view, Categories) else ""
    alike = about_alike(view.levels) if isinstance(view, Categories) else ""
    return taken.doubt or stand_ins or words or alike


def _said(view: object) -> tuple[str, ...]:
    if isinstance(view, Numbers):
        return missing_said(view)
    return view.said if isinstance(view, (Dates, Block)) else ()


def _left_out(name: str, reason: str, doubt: str = "") -> LeftOut:
    return LeftOut(TableColumn(name, "left out", 0, reason, doubt=doubt))
