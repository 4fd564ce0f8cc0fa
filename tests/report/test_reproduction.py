"""All published cells are equal, and a cell that is not is noticed."""

import copy
import json
from importlib import resources

import numpy as np
import pytest

from fewlabels.exceptions import DataFileError
from fewlabels.report import compare, load_published, report_on
from fewlabels.report.comparison import NOTHING_COMPARED
from fewlabels.report.demo import reproduce
from fewlabels.report.published import parse_published
from fewlabels.report.transcript import reproduction_text

TABLES = json.loads(
    resources.files("fewlabels.report").joinpath("published_digits.json").read_text("utf-8")
)

# Confusion matrix, four figures a digit, four for the average.
CELLS = [[9 * 9 + 40 + 4], [7 * 7 + 44] + 4 * [10 * 10 + 44]]


@pytest.fixture(scope="module")
def reproduction():
    return reproduce(load_published())


def test_every_cell_of_every_published_table_is_equal(reproduction):
    assert [[c.cells for c in example] for example in reproduction.comparisons] == CELLS
    assert [[c.equal for c in example] for example in reproduction.comparisons] == CELLS
    assert reproduction.total.all_equal
    assert reproduction.total.cells == 794


def test_the_matrices_and_tables_are_equal_without_the_packages_comparison(reproduction):
    for example, run in zip(TABLES["examples"], reproduction.runs, strict=True):
        for iteration, report in zip(example["iterations"], run.reports, strict=True):
            assert report.confusion_matrix.tolist() == iteration["confusion_matrix"]
            rows = [{"digit": digit, **vars(row)} for digit, row in report.per_class.items()]
            for row in rows:
                for name in ("precision", "recall", "f1"):
                    row[name] = round(row[name], 2)
            assert rows == iteration["per_class"]


def test_the_number_of_labels_is_as_published(reproduction):
    for example, run in zip(TABLES["examples"], reproduction.runs, strict=True):
        assert run.n_labelled == [iteration["labelled"] for iteration in example["iterations"]]


def test_accuracy_is_as_published(reproduction):
    active = reproduction.runs[1]
    np.testing.assert_array_equal(
        (1000 * active.accuracies).round() / 10, [63.1, 79.7, 84.2, 90.2, 94.0]
    )
    for example, run in zip(reproduction.published, reproduction.runs, strict=True):
        assert [table.accuracy for table in example.tables] == pytest.approx(run.accuracies)


def test_the_text_counts_the_cells_after_each_table(reproduction):
    lines = [x for x in reproduction_text(reproduction).splitlines() if x.startswith("published")]
    assert lines == [f"published {n} cells, equal {n}" for example in CELLS for n in example]


def tampered(change):
    tables = copy.deepcopy(TABLES)
    change(tables["examples"][1]["iterations"][2])
    return parse_published(tables)


def replace_count(iteration):
    iteration["confusion_matrix"][1][2] += 1


def replace_fraction(iteration):
    iteration["per_class"][5]["f1"] = 0.61


def replace_average(iteration):
    iteration["average"]["recall"] = 0.99


@pytest.mark.parametrize("change", [replace_count, replace_fraction, replace_average])
def test_one_tampered_cell_is_one_difference_and_the_computed_value_stays(change, reproduction):
    result = reproduce(tampered(change))
    assert not result.total.all_equal
    assert result.total.equal == result.total.cells - 1
    (difference,) = result.total.differences
    assert difference in reproduction_text(result)
    for ours, theirs in zip(result.runs, reproduction.runs, strict=True):
        for a, b in zip(ours.reports, theirs.reports, strict=True):
            assert a.average == b.average
            np.testing.assert_array_equal(a.confusion_matrix, b.confusion_matrix)


def test_a_row_that_only_one_side_has_is_a_difference():
    result = reproduce(tampered(lambda iteration: iteration["per_class"].pop()))
    assert result.total.cells == 794
    assert result.total.equal == 790


def test_a_matrix_of_another_size_is_a_difference():
    ours, theirs = report_on([0, 1], [0, 1], [0, 1]), report_on([0, 1], [0, 1], [0, 1, 2])
    assert compare(ours, theirs).cells == compare(theirs, ours).cells == 9 + 12
    assert compare(ours, theirs).equal == compare(theirs, ours).equal == 4 + 12


def test_nothing_compared_is_not_all_equal():
    assert not NOTHING_COMPARED.all_equal


def test_tables_for_another_number_of_labels_are_refused():
    with pytest.raises(DataFileError, match="labels"):
        reproduce(tampered(lambda iteration: iteration.update(labelled=21)))


def test_missing_tables_are_refused():
    with pytest.raises(DataFileError, match="no published tables for 'digits'"):
        reproduce(load_published()[1:])


@pytest.mark.parametrize("document", [{}, {"examples": [{"name": "digits"}]}, {"examples": 3}])
def test_unreadable_tables_are_refused(document):
    with pytest.raises(DataFileError, match="can't be read"):
        parse_published(document)
