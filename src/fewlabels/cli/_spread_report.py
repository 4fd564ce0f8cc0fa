"""The text that ``fewlabels spread`` prints when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fewlabels.cli._words import in_options, visible
from fewlabels.io import as_text, counted
from fewlabels.report._page_numbers import commonest_unless_beaten

if TYPE_CHECKING:
    from fewlabels.features import Points
    from fewlabels.graph import Graph, GraphDiagnosis
    from fewlabels.io import AddedColumns, LabelColumn, Table

_MOST_CLASSES = 20


def report(
    table: Table,
    labels: LabelColumn,
    points: Points,
    graph: Graph,
    diagnosis: GraphDiagnosis,
    added: AddedColumns,
    output: Path,
    *,
    left_out: bool,
) -> str:
    """Return what came in, what was made of it, what came out and where it is.

    `left_out` says that labelled rows have the answers that the other labels give.
    """
    sections = {
        "Table": [
            f"{table.path}: {counted(table.n_rows, 'row')}, {counted(len(table.names), 'column')}",
            *table.notes,
        ],
        "Labels": list(_labels(labels)),
        "Features": list(points.choices),
        "Graph": list(_graph(table, graph.build_info["n_neighbors"], diagnosis)),
        "Result": list(_result(table, labels, added, left_out)),
        "Written": [str(output), f"new columns: {', '.join(added.names)}"],
    }
    return "\n".join(
        f"{title if first else '':<10}{visible(in_options(line))}"
        for title, lines in sections.items()
        for first, line in _marked(lines)
    )


def _marked(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line) for number, line in enumerate(lines))


def _labels(labels: LabelColumn) -> Iterator[str]:
    n_rows = len(labels.codes)
    share = 100 * labels.n_labelled / n_rows
    yield (
        f"column {labels.name!r}: {labels.n_labelled:,} of {counted(n_rows, 'row')} labelled "
        f"({share:.3g} %), {counted(len(labels.classes), 'class', 'classes')}"
    )
    yield from (f"note: {note}" for note in labels.notes)


def _graph(table: Table, neighbors: int, diagnosis: GraphDiagnosis) -> Iterator[str]:
    """Say what ``str(diagnosis)`` says, in rows from 1 and in this command's options."""
    least, median, most = (diagnosis.neighbor_quantiles[q] for q in (0.0, 0.5, 1.0))
    yield (
        f"each row connected to the {neighbors:,} most similar ones: "
        f"{counted(diagnosis.n_edges, 'edge')}, {least:g} to {most:g} per row (median {median:g})"
    )
    sizes = diagnosis.component_sizes
    parts = counted(diagnosis.n_components, "connected part")
    yield parts if len(sizes) == 1 else f"{parts}, the largest of {int(sizes.max()):,} rows"
    if diagnosis.unlabelled_components is not None and diagnosis.n_unreached:
        without = counted(len(diagnosis.unlabelled_components), "part")
        yield (
            f"{without} without a label ({counted(diagnosis.n_unreached, 'row')}): label a row in "
            "each, or use more --neighbors"
        )
    if diagnosis.n_duplicates:
        yield f"{counted(diagnosis.n_duplicates, 'row')} with an exact copy among the features"
    if len(diagnosis.isolated):
        yield f"without any neighbour: {table.rows_said(diagnosis.isolated)}"
    if len(diagnosis.hubs):
        yield (
            "connected to more than ten times the usual number: "
            f"{table.rows_said(diagnosis.hubs)}; check whether they are placeholders or errors"
        )


def _result(
    table: Table, labels: LabelColumn, added: AddedColumns, left_out: bool
) -> Iterator[str]:
    texts = [as_text(label) for label in labels.classes]
    had_label = labels.codes >= 0
    answered = np.flatnonzero(~had_label & added.reached).tolist()  # as the report counts them
    answers = Counter(as_text(added.label[row]) for row in answered)
    width = max(len("class"), *(len(text) for text in texts[:_MOST_CLASSES]))
    yield f"{'class':<{width}}  {'labelled':>9}  {'answered':>9}"
    for text, count in list(zip(texts, labels.counts.tolist(), strict=True))[:_MOST_CLASSES]:
        yield f"{text:<{width}}  {count:>9,}  {answers[text]:>9,}"
    if len(texts) > _MOST_CLASSES:
        yield f"and {len(texts) - _MOST_CLASSES:,} more classes"
    for came, which in ((~had_label, "without a label"), (had_label, "with a label")):
        rows = came & added.reached
        if rows.any():
            confidence = added.confidence[rows]
            yield (
                f"mean confidence {confidence.mean():.3f} for {counted(len(confidence), 'row')} "
                f"{which} (lowest {confidence.min():.3f})"
            )
    if added.doubt is not None:
        words = Counter(np.array(added.doubt)[~had_label].tolist())
        listed = ", ".join(f"{word} {count:,}" for word, count in words.most_common())
        if listed:
            yield f"of the rows without a label: {listed}"
    if left_out:
        yield from _left_out(labels, added)
    unreached = np.flatnonzero(~added.reached)
    if len(unreached):
        which = table.rows_said(unreached)
        yield f"{counted(len(unreached), 'row')} not reached by any label: {which}"
    differs = _differing(labels, added)
    if len(differs):
        yield f"check these labels, which differ from the answers: {table.rows_said(differs)}"
    if table.untyped and (len(differs) or len(unreached)):
        yield "(rows are counted from 1, without the line of names)"


def _left_out(labels: LabelColumn, added: AddedColumns) -> Iterator[str]:
    """Say how many labels the others tell: of classes with several, for none tells a lone one."""
    known = np.flatnonzero(labels.codes >= 0)
    able = known[labels.counts[labels.codes[known]] > 1]
    if len(able):
        right = len(able) - len(set(_differing(labels, added)) & set(able.tolist()))
        yield (
            f"of {counted(len(able), 'label')}, each left out in turn, {right:,} "
            "were answered correctly by the others"
        )
        found = commonest_unless_beaten(right, labels.codes[able])
        if found is not None:
            name = as_text(labels.classes[found[0]])
            yield (
                f"this is not clearly more than always answering {name!r} ({found[1]:,}): the "
                "features may tell little about these labels"
            )


def _differing(labels: LabelColumn, added: AddedColumns) -> list[int]:
    known = np.flatnonzero(labels.codes >= 0).tolist()
    return [row for row in known if added.label[row] != labels.classes[labels.codes[row]]]
