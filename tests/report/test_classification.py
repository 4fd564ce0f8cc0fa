"""The report against scikit-learn's, and its layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from fewlabels.exceptions import InvalidInputError
from fewlabels.report import report_on
from fewlabels.report.layout import format_confusion_matrix, format_model_line, format_report

labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(labels)
def test_every_figure_equals_scikit_learns(pairs):
    truth, predicted = np.array(pairs).T
    report = report_on(truth, predicted, np.arange(5))
    classes = list(report.per_class)
    assert classes == sorted(set(truth.tolist()) | set(predicted.tolist()))
    for average in (None, "weighted"):
        expected = precision_recall_fscore_support(
            truth, predicted, labels=classes, average=average, zero_division=0
        )
        rows = list(report.per_class.values()) if average is None else [report.average]
        for name, values in zip(("precision", "recall", "f1"), expected[:3], strict=True):
            np.testing.assert_allclose([getattr(r, name) for r in rows], values, atol=1e-12)
    assert report.average.support == len(truth)
    np.testing.assert_array_equal(
        report.confusion_matrix, confusion_matrix(truth, predicted, labels=np.arange(5))
    )


def test_a_class_that_is_never_predicted_has_zeros_and_no_warning():
    row = report_on([0, 1], [0, 0], [0]).per_class[1]
    assert (row.precision, row.recall, row.f1, row.support) == (0.0, 0.0, 0.0, 1)


def test_the_confusion_matrix_leaves_out_other_classes():
    report = report_on([0, 1, 2], [0, 0, 0], [0, 1])
    assert report.confusion_matrix.tolist() == [[1, 0], [1, 0]]


@pytest.mark.parametrize(("truth", "predicted"), [([], []), ([0], [0, 1]), ([[0]], [[0]])])
def test_bad_shapes_are_refused(truth, predicted):
    with pytest.raises(InvalidInputError, match="one length"):
        report_on(truth, predicted, [0])


def test_the_layout_is_the_published_one():
    report = report_on([0, 0, 1, 10], [0, 1, 1, 1], [0, 1, 10])
    assert format_report(report) == (
        "             precision    recall  f1-score   support\n"
        "\n"
        "          0       1.00      0.50      0.67         2\n"
        "          1       0.33      1.00      0.50         1\n"
        "         10       0.00      0.00      0.00         1\n"
        "\n"
        "avg / total       0.58      0.50      0.46         4\n"
    )
    assert format_confusion_matrix(report) == "[[1 1 0]\n [0 1 0]\n [0 1 0]]"
    assert format_model_line("Label Spreading", 30, 300) == (
        "Label Spreading model: 30 labeled & 300 unlabeled points (330 total)"
    )


def test_a_large_confusion_matrix_is_printed_whole():
    everything = np.arange(40)
    text = format_confusion_matrix(report_on(everything, everything, everything))
    assert "..." not in text
    assert text.count("\n") == 39
