"""A report of a fitted classifier: one page that loads nothing from elsewhere, and runs nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources

import numpy as np

from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._typing import Objects
from fewlabels._version import __version__
from fewlabels.exceptions import DataFileError, InvalidTypeError
from fewlabels.io import as_text
from fewlabels.models import FewLabelsClassifier
from fewlabels.report._html import Html, group, tag
from fewlabels.report._page_numbers import (
    ModelNumbers,
    commonest_unless_beaten,
    numbers_of,
    share_limits,
)
from fewlabels.report._page_parts import percent, section, table
from fewlabels.report._page_rows import contradicted, doubtful, surest
from fewlabels.report._shown_rows import ShownRows

# Nothing may be fetched, run, framed or sent; pictures and style stand in the page.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_CONFUSED, _MOST_CLASSES = 12, 60


def write_report(
    path: str | os.PathLike[str],
    model: FewLabelsClassifier,
    data: object = None,
    *,
    title: str = "",
    classes: Objects | None = None,
    hide: Sequence[str] = (),
    proven: str | None = None,
    replace: bool = True,
) -> None:
    """Write a page that says how good the answers of a model are, and which rows to review.

    Counts, the accuracy that is to be expected, calibration, the classes and which are confused,
    the rows that are doubtful, labels that others contradict, and what was chosen and why. One
    HTML file, with its pictures and figures; it loads nothing and holds no program.

    Parameters
    ----------
    path : path-like
        Of the page, ending in ``.html``.
    model : FewLabelsClassifier
        Fitted on one class per point.
    data : object, default=None
        What it was fitted on, to be shown: what :func:`fewlabels.make_points` takes. None: rows
        are known by their numbers.
    title : str, default=""
    classes : sequence, default=None
        Names of the classes, in the order of `classes_`; None: these.
    hide : sequence of str, default=()
        Columns that are not shown.
    proven : str, default=None
        What random checks have proven, in a sentence, as
        :meth:`fewlabels.labelling.Labelling.progress` says it. It stands at the top.
    replace : bool, default=True
        Whether an existing file may be replaced.

    Raises
    ------
    DataFileError
        If the page can't be written; what stood at `path` is then untouched.
    InvalidInputError, InvalidTypeError
        If `data` has other rows than the model, or the model is another one or has soft labels.

    Notes
    -----
    Needs matplotlib, and Pillow for pictures.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> from fewlabels.report import write_report
    >>> X, y = load_iris(return_X_y=True)
    >>> y[5:50] = y[55:100] = y[105:] = -1
    >>> path = Path(tempfile.mkdtemp()) / "iris.html"
    >>> write_report(path, FewLabelsClassifier().fit(X, y), title="Iris")
    >>> path.read_text(encoding="utf-8").startswith("<!doctype html>")
    True
    """
    if not isinstance(model, FewLabelsClassifier):
        raise InvalidTypeError(
            f"a report is of a FewLabelsClassifier, got a {type(model).__name__}."
        )
    page = report_page(model, data, title=title, classes=classes, hide=hide, proven=proven)
    with (
        explaining_errors(path, writing=True, raising=DataFileError),
        replace_when_whole(path, replace=replace) as file,
    ):
        file.write(page.encode())


def report_page(
    model: FewLabelsClassifier,
    data: object = None,
    *,
    title: str = "",
    classes: Sequence[object] | None = None,
    hide: Sequence[str] = (),
    proven: str | None = None,
) -> str:
    """Return the page that :func:`write_report` writes."""
    names = [as_text(name) for name in (model.classes_.tolist() if classes is None else classes)]
    numbers = numbers_of(model, names)
    rows = ShownRows(data, len(numbers.codes), hide)
    title = title or "Labels spread from a few"
    style = resources.files("fewlabels.report").joinpath("page.css").read_text("utf-8")
    body = group(
        tag("header", tag("p", "fewlabels report", class_="brand"), tag("h1", title, dir="auto"),
            tag("p", proven, class_="proven") if proven else None,
            tag("p", _lead(numbers), class_="lead")),
        _tiles(numbers),
        tag("main", *_sections(model, numbers, rows, proven)),
        tag("footer", tag("p", f"Written by fewlabels {__version__}. This page loads nothing from "
            "elsewhere and runs no program.")),
    )  # fmt: skip
    head = group(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", f"{title} \u00b7 fewlabels report"),
        tag("style", Html(style)),
    )
    return "<!doctype html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def _sections(
    model: FewLabelsClassifier, numbers: ModelNumbers, rows: ShownRows, proven: str | None
) -> Iterator[Html]:
    yield _trust(numbers, proven)
    yield _classes(numbers)
    yield from _confused(numbers)
    yield from doubtful(numbers, rows)
    yield from contradicted(model, numbers, rows)
    if rows.has_pictures:
        yield surest(numbers, rows)
    yield _chosen(model)


def _lead(numbers: ModelNumbers) -> str:
    n_labelled = int((numbers.codes >= 0).sum())
    return (
        f"{n_labelled:,} of {len(numbers.codes):,} rows came with a label, of "
        f"{len(numbers.classes):,} classes. The others were answered from these."
    )


def _tiles(numbers: ModelNumbers) -> Html:
    n_open = int((numbers.codes < 0).sum())
    doubt = numbers.answers.doubt[numbers.codes < 0]
    n_sure, n_seem = int((doubt == "sure").sum()), int((doubt == "too few labels").sum())
    more = f"; {n_seem:,} more seem so, and labels are too few to show it" if n_seem else ""
    right, judged = int(numbers.right.sum()), len(numbers.judged)
    n_against = numbers.suspects.n_suspects
    look = "by the others" if not n_against else "look at these first"
    tiles = [
        (percent(numbers.expected), "expected to be right", "of the rows without a label"),
        (f"{right:,} of {judged:,}", "labels left out, answered right", "each by the others"),
        (f"{n_sure:,}", "answers are shown to be sure", f"of {n_open:,} without a label{more}"),
        (f"{n_against:,}", f"label{'s are' if n_against != 1 else ' is'} contradicted", look),
    ]
    return tag(
        "section",
        *(tag("div", tag("b", value), tag("span", what), tag("small", of), class_="tile")
          for value, what, of in tiles),
        class_="tiles", aria_label="At a glance",
    )  # fmt: skip


def _trust(numbers: ModelNumbers, proven: str | None) -> Html:
    return section(
        "How good are the answers?",
        tag("p", *_told_of_accuracy(numbers, proven)),
        tag("div", *_figures(numbers), class_="figures"),
        *_lines_drawn(numbers),
    )


def _told_of_accuracy(numbers: ModelNumbers, proven: str | None) -> Iterator[str]:
    if proven:
        yield f"{proven} The rows of these checks were drawn at random. What follows is no proof: "
    if not len(numbers.open_rows):
        yield "No row without a label was answered. "
    else:
        yield (
            f"By their own confidence, {percent(numbers.expected)} of the "
            f"{len(numbers.open_rows):,} answers to rows without a label are right. "
        )
    judged = len(numbers.judged)
    alone = int((numbers.codes >= 0).sum()) - judged
    if judged:
        right = int(numbers.right.sum())
        low, high = (float(limit) for limit in share_limits(right, judged))
        yield (
            f"Of {judged:,} labels, each left out in turn and answered by the others, {right:,} "
            f"came out right ({percent(right / judged)}; between {percent(low)} and "
            f"{percent(high)}, 95 % interval). "
        )
        found = commonest_unless_beaten(right, numbers.codes[numbers.judged])
        if found is not None:
            yield (
                f"This is not clearly more than always answering {numbers.classes[found[0]]!r} "
                f"({found[1]:,}): the features may tell little about these labels. "
            )
    if alone:
        yield f"{alone:,} more are the only labels of their class, which no other can tell. "
    yield (
        "Both hold as far as the labelled rows are like the others. Labels that were chosen, and "
        "not drawn at random, may be harder or easier than the rest; and the model was "
        "fitted to the same labels, which flatters it a little. "
    )
    if not proven:
        yield (
            "Only rows that are checked at random tell for sure: label some more at random, and "
            "count."
        )


def _figures(numbers: ModelNumbers) -> Iterator[Html]:
    from fewlabels.report import _page_figures as figures  # needs matplotlib, an extra

    found = numbers.calibration()
    if found is not None:
        yield tag(
            "figure",
            figures.calibration_figure(*found[:4]),
            tag(
                "figcaption",
                f"Labels left out, in groups of {int(found[4].max())} of like confidence: how many "
                "are answered right. On the dashed line, answers are as sure as they say; bars are "
                "95 % intervals.",
            ),
        )
    else:
        yield tag(
            "p",
            f"{len(numbers.judged):,} labels can be left out, too few to draw how confidence and "
            "right answers go together. From 16 on, there is a figure here.",
            class_="empty",
        )
    rows = numbers.open_rows
    if len(rows):
        drawn = figures.confidence_figure(
            numbers.confidence[rows], numbers.answers.doubt[rows] == "sure"
        )
        legend = tag(
            "figcaption",
            *(tag("i", class_="key sure"), "sure ", tag("i", class_="key"), "in doubt: "),
            "rows without a label, by the confidence of their answers",
        )
        yield tag("figure", drawn, legend)


def _lines_drawn(numbers: ModelNumbers) -> Iterator[Html]:
    found = numbers.thresholds()
    if not found:
        return
    total = len(numbers.open_rows)
    lines = [
        tag("tr", tag("td", f"{100 * least:.0f} %"), tag("td", f"{count:,}"),
            tag("td", percent(count / total)),
            tag("td", f"about {wrong:,.0f}" if wrong >= 0.5 else "under 1"),
            tag("td", f"{total - count:,}"))
        for least, count, wrong in found
    ]  # fmt: skip
    heads = ("Take answers from", "Rows taken", "Share", "Wrong among them", "Left to look at")
    yield tag("h3", "Where to draw the line")
    yield table(heads, lines)


def _classes(numbers: ModelNumbers) -> Html:
    labelled = np.bincount(numbers.codes[numbers.codes >= 0], minlength=len(numbers.classes))
    rows = numbers.open_rows
    answered = np.bincount(numbers.answered[rows], minlength=len(numbers.classes))
    most = max(1, int(answered.max(initial=0)))
    lines = []
    order = np.argsort(-(answered + labelled), kind="stable")[:_MOST_CLASSES]
    for code in order.tolist():
        here = rows[numbers.answered[rows] == code]
        mean = percent(float(numbers.confidence[here].mean())) if len(here) else "\u2013"
        own = numbers.codes[numbers.judged] == code
        hits = f"{int(numbers.right[own].sum())} of {int(own.sum())}" if own.any() else "\u2013"
        bar = tag("div", class_="bar", style=f"width:{100 * answered[code] / most:.1f}%")
        lines.append(
            tag("tr", tag("th", numbers.classes[code], scope="row", dir="auto"),
                tag("td", f"{labelled[code]:,}"), tag("td", f"{answered[code]:,}"),
                tag("td", percent(answered[code] / max(1, len(rows)))),
                tag("td", bar, class_="bars", aria_hidden="true"),
                tag("td", mean), tag("td", hits))
        )  # fmt: skip
    left = len(numbers.classes) - len(order)
    heads = ("Class", "Labelled", "Answered", "Share", "", "Mean confidence", "Left out, right")
    return section(
        "The classes",
        table(heads, lines),
        tag("p", f"and {left:,} more classes", class_="note") if left else None,
    )


def _confused(numbers: ModelNumbers) -> Iterator[Html]:
    wrong = ~numbers.right
    if not wrong.any():
        return
    given = numbers.codes[numbers.judged][wrong].tolist()
    said = numbers.left_out.argmax(axis=1)[wrong].tolist()
    pairs = Counter(zip(given, said, strict=True)).most_common(_CONFUSED)
    lines = [
        tag("tr", tag("th", numbers.classes[one], scope="row", dir="auto"),
            tag("td", numbers.classes[other], dir="auto", class_="text"), tag("td", f"{count:,}"))
        for (one, other), count in pairs
    ]  # fmt: skip
    yield section(
        "Which classes are confused",
        tag("p", "Labels left out that the others would have answered otherwise."),
        table(("Labelled", "Answered by the others", "How often"), lines, texts=(1,)),
    )


def _chosen(model: FewLabelsClassifier) -> Html:
    points = getattr(model, "points_", None)
    lines: list[tuple[str, str]] = []
    if points is not None:
        n_points, n_features = points.values.shape
        made = f"{n_points:,} points of {n_features:,} features, made of {points.kind}"
        lines += [("points", made), *(("", line) for line in points.choices)]
        lines += [("warning", line) for line in points.warnings]
    lines += [(name, str(choice)) for name, choice in model.choices_.items()]
    lines += [("note", note) for note in model.choices_.notes]
    listed = [group(tag("dt", name.replace("_", " ")), tag("dd", said)) for name, said in lines]
    return section("What was chosen, and why", tag("dl", *listed, class_="chosen"))
