"""Labels of every kind, most of them missing."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import DataConversionWarning

from fewlabels._labels import UNLABELLED, encode_labels, is_missing
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, LabelWarning

NAN = float("nan")
NAT = np.datetime64("NaT", "D")
STRINGS = np.dtypes.StringDType
DAY, NEXT_DAY = datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)


@pytest.mark.parametrize(
    ("y", "classes", "codes", "kind", "marker"),
    [
        # integers: -1 is unlabelled
        ([7, -1, 3], [3, 7], [1, -1, 0], "i", -1),
        ((7, -1, 3), [3, 7], [1, -1, 0], "i", -1),
        (np.array([7, -1, 3], dtype=np.int8), [3, 7], [1, -1, 0], "i", -1),
        ([7, None, 3], [3, 7], [1, -1, 0], "i", -1),
        ([7, NAN, 3], [3, 7], [1, -1, 0], "i", -1),
        (np.array([7, None, 3], dtype=object), [3, 7], [1, -1, 0], "i", -1),
        (pd.Series([7, -1, 3]), [3, 7], [1, -1, 0], "i", -1),
        (pd.Series([7, -1, 3], index=[2, 0, 1]), [3, 7], [1, -1, 0], "i", -1),
        (pd.Series([7, None, 3], dtype="Int64"), [3, 7], [1, -1, 0], "i", -1),
        (pd.Series([7, None, 3], dtype="category"), [3, 7], [1, -1, 0], "i", -1),
        (pd.array([7, None, 3], dtype="Int64"), [3, 7], [1, -1, 0], "i", -1),
        (pd.Series([7, None, 3], dtype="int64[pyarrow]"), [3, 7], [1, -1, 0], "i", -1),
        (pa.array([7, None, 3]), [3, 7], [1, -1, 0], "i", -1),
        (pa.chunked_array([[7, None], [3]]), [3, 7], [1, -1, 0], "i", -1),
        ([7, np.ma.masked, 3], [3, 7], [1, -1, 0], "i", -1),
        (np.ma.array([7, 5, 3], mask=[0, 1, 0]), [3, 7], [1, -1, 0], "i", -1),
        (np.ma.array([7, -1, 3], mask=[0, 0, 0]), [3, 7], [1, -1, 0], "i", -1),
        (pd.Index([7, -1, 3]), [3, 7], [1, -1, 0], "i", -1),
        (pl.Series([7, -1, 3]), [3, 7], [1, -1, 0], "i", -1),
        (pl.Series([7, None, 3]), [3, 7], [1, -1, 0], "i", -1),
        (pl.Series([7, None, 3], dtype=pl.UInt8), [3, 7], [1, -1, 0], "i", -1),
        (pl.Series([2**60 + 1, None, 2**60]), [2**60, 2**60 + 1], [1, -1, 0], "i", -1),
        ([-2, -1], [-2], [0, -1], "i", -1),
        # unsigned ones have no -1
        (np.array([7, 254], dtype=np.uint8), [7, 254], [0, 1], "u", None),
        (np.array([254, 255], dtype=np.uint8), [254, 255], [0, 1], "u", None),
        (np.ma.array([7, 255], mask=[0, 1], dtype=np.uint8), [7], [0, -1], "u", None),
        # other numbers: -1 and NaN
        ([1.5, NAN, 0.5], [0.5, 1.5], [1, -1, 0], "f", NAN),
        (np.ma.array([1.5, 9, 0.5], mask=[0, 1, 0]), [0.5, 1.5], [1, -1, 0], "f", NAN),
        (np.array([1.5, -1, 0.5]), [0.5, 1.5], [1, -1, 0], "f", -1),
        (np.array([1.5, -1], dtype=np.float32), [1.5], [0, -1], "f", -1),
        (pd.Series([1.5, None], dtype="Float64"), [1.5], [0, -1], "f", NAN),
        (pl.Series([1.5, None]), [1.5], [0, -1], "f", NAN),
        # strings
        (np.array(["b", "a", "b"]), ["a", "b"], [1, 0, 1], "U", None),
        (["b", None, "a", NAN, pd.NA, pd.NaT], ["a", "b"], [1, -1, 0, -1, -1, -1], "O", None),
        (np.array(["b", NAN, "a"], dtype=object), ["a", "b"], [1, -1, 0], "O", None),
        (np.array(["b", "a"], dtype=STRINGS()), ["a", "b"], [1, 0], "O", None),
        (np.array(["b", None], dtype=STRINGS(na_object=None)), ["b"], [0, -1], "O", None),
        (pd.Series(["b", None, "a"]), ["a", "b"], [1, -1, 0], "O", None),
        (pd.Series(["b", None, "a"], index=[2, 0, 1]), ["a", "b"], [1, -1, 0], "O", None),
        (pd.Series(["b", None, "a"], dtype="string"), ["a", "b"], [1, -1, 0], "O", None),
        (pd.Series(["b", None, "a"], dtype="category"), ["a", "b"], [1, -1, 0], "O", None),
        (pd.Series(["b", pd.NA, "a"], dtype=object), ["a", "b"], [1, -1, 0], "O", None),
        (pd.Categorical(["b", None, "a"]), ["a", "b"], [1, -1, 0], "O", None),
        (pl.Series(["b", None, "a"]), ["a", "b"], [1, -1, 0], "O", None),
        (pl.Series(["b", None], dtype=pl.Categorical), ["b"], [0, -1], "O", None),
        (pl.Series(["b", None], dtype=pl.Enum(["b", "a"])), ["b"], [0, -1], "O", None),
        (np.ma.array(["b", "x", "a"], mask=[0, 1, 0]), ["a", "b"], [1, -1, 0], "U", None),
        (
            np.ma.array(["b", None, "a"], mask=[1, 0, 0], dtype=object),
            ["a"],
            [-1, -1, 0],
            "O",
            None,
        ),
        (pd.Series(["b", None, "a"], dtype="string[pyarrow]"), ["a", "b"], [1, -1, 0], "O", None),
        (["nan", " ", "None"], [" ", "None", "nan"], [2, 0, 1], "O", None),
        # bytes
        (np.array([b"b", b"", b"a"]), ["a", "b"], [1, -1, 0], "U", None),
        (np.array(["K\xfcche".encode(), b""]), ["K\xfcche"], [0, -1], "U", None),
        ([b"b", b"", b"a"], ["a", "b"], [1, -1, 0], "U", None),
        ([b"b", None, b"", "a"], ["a", "b"], [1, -1, -1, 0], "O", None),
        (pd.Series([b"b", None, b""]), ["b"], [0, -1, -1], "O", None),
        (np.array([b"", b""]), [], [-1, -1], "U", None),
        # truth values
        ([True, False], [False, True], [1, 0], "b", None),
        ([True, None, False], [False, True], [1, -1, 0], "b", None),
        ([True, np.bool_(False)], [False, True], [1, 0], "b", None),
        (pd.Series([True, None], dtype="boolean"), [True], [0, -1], "b", None),
        (pd.Series([True, None, False]), [False, True], [1, -1, 0], "b", None),
        (pl.Series([True, None]), [True], [0, -1], "b", None),
        (np.ma.array([True, False], mask=[0, 1]), [True], [0, -1], "b", None),
        # dates
        ([DAY, None], [DAY], [0, -1], "O", None),
        (np.array(["NaT", "2024-01-01"], "M8[D]"), [DAY], [-1, 0], "M", NAT),
        (pd.Series(pd.to_datetime([None, "2024-01-01"])).dt.floor("D"), None, [-1, 0], "M", NAT),
        (np.ma.array([DAY, DAY], mask=[1, 0], dtype="M8[D]"), [DAY], [-1, 0], "M", NAT),
        ([np.datetime64("NaT", "D"), "a"], ["a"], [-1, 0], "O", None),
        # whatever is hashable
        ([("b", 1), None, ("a", 2)], [("a", 2), ("b", 1)], [1, -1, 0], "O", None),
        ([2, "a", None], [2, "a"], [0, 1, -1], "O", None),
        ([Decimal("2.5"), Decimal("NaN")], [Decimal("2.5")], [0, -1], "O", None),
        ([2**70, None, 5], [5, 2**70], [1, -1, 0], "O", None),
        ([frozenset("b"), frozenset("a")], [frozenset("a"), frozenset("b")], [1, 0], "O", None),
    ],
)
def test_labels_become_codes_into_sorted_classes(
    y: Any, classes: list[Any] | None, codes: list[int], kind: str, marker: Any
) -> None:
    labels = encode_labels(y)
    if classes is not None:
        assert labels.classes.tolist() == classes
    assert labels.classes.dtype.kind == kind
    assert labels.codes.dtype == np.intp
    np.testing.assert_array_equal(labels.codes, codes)
    np.testing.assert_array_equal(labels.labelled, np.array(codes) >= 0)
    if marker is None:
        assert labels.marker is None
    else:
        np.testing.assert_array_equal(labels.marker, marker)


def test_integers_keep_their_dtype() -> None:
    for dtype in (np.int8, np.int32, np.int64, np.uint16, np.float32):
        assert encode_labels(np.array([1, 2], dtype=dtype)).classes.dtype == dtype


@pytest.mark.parametrize(
    "y", [[], [None, None], [-1, -1], [NAN], np.array([NAN, -1.0]), pd.Series([None, None])]
)
def test_labels_may_all_be_missing(y: Any) -> None:
    labels = encode_labels(y)
    assert len(labels.classes) == 0
    np.testing.assert_array_equal(labels.codes, np.full(len(y), UNLABELLED))
    assert not labels.labelled.any()


@pytest.mark.parametrize(
    ("y", "classes", "codes", "marker"),
    [
        ([7, NAN, -1], [-1, 7], [1, -1, 0], None),
        (np.array([7, None, -1], dtype=object), [-1, 7], [1, -1, 0], None),
        (pd.Series([7, None, -1], dtype="Int64"), [-1, 7], [1, -1, 0], None),
        (pd.Series([7, None, -1], dtype="category"), [-1, 7], [1, -1, 0], None),
        (pl.Series([1, None, -1, 0]), [-1, 0, 1], [2, -1, 0, 1], None),
        (np.ma.array([1, 5, -1], mask=[0, 1, 0]), [-1, 1], [1, -1, 0], None),
        (np.array([1, np.nan, -1]), [-1, 1], [1, -1, 0], NAN),
        (["1", None, "-1"], ["-1", "1"], [1, -1, 0], None),
        (["a", None, -1], [-1, "a"], [1, -1, 0], None),
        (np.array([b"a", b"", b"-1"]), ["-1", "a"], [1, -1, 0], None),
    ],
)
def test_beside_another_marker_minus_one_is_a_class_and_told(y, classes, codes, marker) -> None:
    with pytest.warns(LabelWarning, match="hold -1 and another marker"):
        labels = encode_labels(y)
    assert labels.classes.tolist() == classes
    assert labels.codes.tolist() == codes
    assert repr(labels.marker) == repr(marker)
    assert labels.decode(labels.codes).tolist()[0] == classes[-1 if len(classes) == 2 else 2]


def test_whether_minus_one_is_a_class_can_be_known() -> None:
    assert encode_labels([1, None, -1], minus_one=False).codes.tolist() == [0, -1, -1]
    labels = encode_labels([1, 0, -1], minus_one=True)
    assert labels.classes.tolist() == [-1, 0, 1]
    assert labels.decode(np.array([0, -1])).tolist() == [-1, None]


def test_where_nothing_else_is_a_class_minus_one_is_none() -> None:
    assert not encode_labels([None, -1]).labelled.any()
    with pytest.raises(InvalidInputError, match="'-1' is among"):
        encode_labels([None, "-1"])
    assert encode_labels(["-1", "-1"], minus_one=True).classes.tolist() == ["-1"]


@pytest.mark.parametrize(
    ("dtype", "largest"), [(np.uint8, 255), (np.uint16, 65535), (np.uint64, 2**64 - 1)]
)
def test_what_minus_one_becomes_in_unsigned_numbers_is_told(dtype, largest) -> None:
    y = np.array([3, -1, 5]).astype(dtype)
    with pytest.warns(LabelWarning, match=rf"-1 becomes {largest}.*np.where\(y == {largest}, -1"):
        labels = encode_labels(y)
    assert labels.classes.tolist() == [3, 5, largest]


@pytest.mark.parametrize(
    "y",
    [
        [True, 1],
        [True, None, 0],
        [1.0, False, None],
        np.array([True, 2], dtype=object),
        pd.Series([True, 1, None], dtype=object),
        ["a", True, 1],
    ],
)
def test_booleans_among_numbers_are_refused(y: Any) -> None:
    with pytest.raises(InvalidTypeError, match="must not mix booleans and numbers"):
        encode_labels(y)


@pytest.mark.parametrize("y", [[True, -1, False], np.array([True, False, -1], dtype=object)])
def test_minus_one_among_booleans_is_refused_with_what_marks_them(y: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"-1 is among booleans, first at row .*with None"):
        encode_labels(y)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    for y in (np.array([b"a", b"\xff"]), [b"\xff", None]):
        with pytest.raises(InvalidInputError, match=r"must be UTF-8, got b'\\xff'.*latin-1"):
            encode_labels(y)


def test_what_is_under_a_mask_is_not_looked_at() -> None:
    y = np.ma.array([{}, "a", -1], mask=[1, 0, 1], dtype=object)
    assert encode_labels(y).codes.tolist() == [-1, 0, -1]


def test_a_masked_column_is_a_column() -> None:
    with pytest.warns(DataConversionWarning):
        labels = encode_labels(np.ma.array([[1], [2]], mask=[[0], [1]]))
    assert labels.codes.tolist() == [0, -1]


@pytest.mark.parametrize(
    "y",
    [
        ["a", "-1"],
        np.array(["a", "-1"]),
        np.array(["a", "-1"], dtype=object),
        np.array(["a", "-1"], dtype=STRINGS()),
        pd.Series(["a", "-1"], dtype="string"),
        pd.Series(["a", "-1"], dtype="category"),
        pl.Series(["a", "-1"]),
        ["-1", "-1"],
    ],
)
def test_the_string_minus_one_is_refused(y: Any) -> None:
    with pytest.raises(InvalidInputError, match="'-1' is among labels that are not numbers"):
        encode_labels(y)


@pytest.mark.parametrize(
    "y",
    [
        ["a", "", "b"],
        np.array(["a", "", "b"]),
        np.array(["a", "", None], dtype=object),
        np.array(["a", ""], dtype=STRINGS()),
        pd.Series(["a", "", None]),
        pd.Series(["a", ""], dtype="category"),
        pl.Series(["a", "", None]),
        ["", ""],
        ["", 1],
        ["", -1],
    ],
)
def test_the_empty_string_is_refused(y: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"empty string '' .* with None, NaN"):
        encode_labels(y)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (np.array(["a", "b", np.nan]), "nan"),
        (np.array(["a", None], dtype=str), "None"),
        (np.array(["a", pd.NA], dtype=str), "<NA>"),
        (np.array([b"a", b"nan"]), "nan"),
        (np.array([b"a", b"None"]), "None"),
    ],
)
def test_text_that_numpy_makes_of_missing_values_is_refused(y: Any, text: str) -> None:
    with pytest.raises(InvalidInputError, match=f"'{text}' is in a NumPy array of strings"):
        encode_labels(y)


@pytest.mark.parametrize("make", [list, lambda y: np.array(y, dtype=object), pd.Series, pl.Series])
def test_such_text_names_a_class_where_missing_values_can_be_said(make: Any) -> None:
    labels = encode_labels(make(["None", None, "nan"]))
    assert labels.classes.tolist() == ["None", "nan"]
    assert labels.codes.tolist() == [0, -1, 1]


@pytest.mark.parametrize("y", [["a", -1], ["a", -1.0], ["a", np.int64(-1)], [("a",), -1]])
def test_the_number_minus_one_among_others_is_refused(y: Any) -> None:
    with pytest.raises(InvalidInputError, match="-1 is among"):
        encode_labels(y)


@pytest.mark.parametrize(
    ("y", "row"),
    [
        (["a", ["b"]], 1),
        ([None, "a", {"b"}], 2),
        ([{}, {}], 0),
        ([("a", []), None], 0),
        (pl.Series([["a"], ["b"]]), 0),
    ],
)
def test_a_label_that_cannot_be_hashed_is_named_by_row(y: Any, row: int) -> None:
    with pytest.raises(InvalidTypeError, match=f"must be hashable, got a .* at row {row}"):
        encode_labels(y)


@pytest.mark.parametrize(
    "y", [[[1], [-1]], np.array([["a"], ["b"]]), pd.DataFrame({"a": [1, 2]}), np.ones((3, 1))]
)
def test_a_column_is_taken_with_the_warning_of_scikit_learn(y: Any) -> None:
    with pytest.warns(DataConversionWarning, match="column-vector"):
        labels = encode_labels(y)
    assert labels.codes.shape == (len(y),)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([[1, 2], [3, 4]], InvalidInputError, r"one-dimensional.*shape \(2, 2\)"),
        (np.ones((1, 3)), InvalidInputError, r"shape \(1, 3\)"),
        (pd.DataFrame({"a": [1], "b": [2]}), InvalidInputError, r"shape \(1, 2\)"),
        (np.int64(3), InvalidInputError, r"shape \(\)"),
        ([[1, 2], [3]], InvalidInputError, "one-dimensional"),
        (3, InvalidTypeError, "got int"),
        ("abc", InvalidTypeError, "got str"),
        (None, InvalidTypeError, "got NoneType"),
        ({1, 2}, InvalidTypeError, "got set"),
        ({0: 1}, InvalidTypeError, "got dict"),
        (iter([1]), InvalidTypeError, "got list_iterator"),
    ],
)
def test_what_is_no_column_of_labels_is_refused(
    y: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        encode_labels(y)


@pytest.mark.parametrize(
    ("y", "decoded"),
    [
        ([7, -1, 3], [3, 7, -1]),
        ([1.5, NAN, 0.5], [0.5, 1.5, NAN]),
        (np.array([1.5, -1, 0.5]), [0.5, 1.5, -1.0]),
        (["b", None, "a"], ["a", "b", None]),
        (np.array(["b", "a"]), ["a", "b", None]),
        (np.array([4, 9], dtype=np.uint8), [4, 9, None]),
        ([True, False], [False, True, None]),
        (np.array(["2024-01-01", "2024-01-02"], "M8[D]"), [DAY, NEXT_DAY, None]),
        ([("b", 1), ("a", 2)], [("a", 2), ("b", 1), None]),
    ],
)
def test_codes_become_classes_again_and_the_marker(y: Any, decoded: list[Any]) -> None:
    found = encode_labels(y).decode(np.array([0, 1, -1]))
    assert [repr(value) for value in found.tolist()] == [repr(value) for value in decoded]


def test_where_all_are_known_the_dtype_is_that_of_the_labels() -> None:
    labels = encode_labels(np.array(["b", "a"]))
    assert labels.decode(np.array([1, 0])).dtype == np.dtype("<U1")
    assert labels.decode(np.array([], dtype=np.intp)).shape == (0,)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(min_size=1, max_size=2).filter(lambda text: text != "-1"),
            st.integers(0, 3),
            st.tuples(st.integers(0, 2)),
            st.frozensets(st.integers(0, 2)),
        ),
        max_size=12,
    )
)
def test_decoding_what_was_encoded_gives_the_labels_back(y: list[Any]) -> None:
    labels = encode_labels(y)
    decoded = labels.decode(labels.codes).tolist()
    # a column of integers says "missing" by -1
    assert decoded == [labels.marker if value is None else value for value in y]


@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=2),
            st.tuples(st.integers()),
            st.frozensets(st.integers(0, 3)),
        ),
        unique=True,
        max_size=6,
    ).filter(lambda found: "-1" not in found),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_classes_does_not_depend_on_that_of_the_labels(
    found: list[Any], random: Any
) -> None:
    shuffled = found.copy()
    random.shuffle(shuffled)
    assert encode_labels(found).classes.tolist() == encode_labels(shuffled).classes.tolist()


@pytest.mark.parametrize(
    "value",
    [
        None,
        NAN,
        np.float32("nan"),
        pd.NA,
        pd.NaT,
        np.datetime64("NaT", "D"),
        np.timedelta64(0, "s"),
        np.ma.masked,
        Decimal("NaN"),
    ],
)
def test_what_says_missing(value: object) -> None:
    expected = not (isinstance(value, np.timedelta64) and value == np.timedelta64(0, "s"))
    assert is_missing(value) == expected


@pytest.mark.parametrize("value", [0, -1, "", "nan", (), False, np.datetime64("2024"), 1.5, [NAN]])
def test_what_is_a_label(value: object) -> None:
    assert not is_missing(value)
