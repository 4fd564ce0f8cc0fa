"""Which names of classes are told to be nearly equal, or to say that a label is missing."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels._class_names import (
    near_equal_classes,
    remarks_on_classes,
    says_missing,
    warn_of_classes,
    words_for_missing,
)
from fewlabels.exceptions import LabelWarning


@pytest.mark.parametrize(
    "classes",
    [
        ["yes", "yes ", "Yes"],
        ["P", "p"],
        ["1", "1.0"],
        ["7", "007"],
        [7, "007"],
        [1, "1"],
        [True, "True"],
        ["e\u0301te", "\u00e9te"],
        ["lost", "lo\u200bst"],
        ["lost", "\ufefflost"],
        ["kat", "k\u0430t"],
        ["\u0441ode", "code"],
        ["two words", "two\u00a0words", "two  words", "two_words", "two-words"],
        ["don't", "don\u2019t"],
        ["-1", "\u22121"],
        ["m2", "m\u00b2"],
        ["yes", "yes."],
        ["stra\u00dfe", "STRASSE"],
    ],
)
def test_one_name_written_in_several_ways_is_one_group(classes: list[Any]) -> None:
    others = ["something else", ("a", "tuple"), 3.5]
    assert near_equal_classes([*classes, *others]) == [tuple(classes)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("loyal", "loyl"),
        ("loyal", "loyall"),
        ("loyal", "lyoal"),
        ("Loyal", "loyl"),
        ("negative", "negativ"),
        ("apple", "apples"),
        ("very loyal", "very loyl"),
        ("class_loyal", "class_loyl"),
    ],
)
def test_words_one_letter_off_are_told_where_one_has_few_labels(one: str, other: str) -> None:
    assert near_equal_classes([one, other]) == [(one, other)]
    assert near_equal_classes([one, other], [50, 2]) == [(one, other)]
    assert near_equal_classes([one, other], [50, 3]) == []


def test_a_letter_replaced_counts_beside_three_times_as_many_labels() -> None:
    assert near_equal_classes(["loyal", "loyel"], [3, 1]) == [("loyal", "loyel")]
    assert near_equal_classes(["horse", "house"], [2, 1]) == []


@pytest.mark.parametrize(
    "classes",
    [
        ["A1", "A2", "A11", "A12"],
        ["cat", "car", "cats"],
        ["class_1", "class_2", "class_10"],
        ["class_a", "class_b"],
        ["group a", "group b"],
        ["typea", "typeb"],
        ["type i", "type ii", "type iii"],
        ["xvii", "xviii", "xxiii"],
        [*string.ascii_lowercase, *string.ascii_uppercase],
        list(string.digits),
        ["a", "b", "c"],
        ["1", "2", "10", "-1"],
        ["0.5", "0.50001", "1.1", "1.10"],
        ["B", "B+", "B-"],
        ["+", "-"],
        ["<=50K", ">50K"],
        ["legal", "regal"],
        ["male", "female"],
        ["healthy", "unhealthy"],
        ["item12", "item21", "item1"],
        ["setosa", "versicolor", "virginica"],
        [1, 2, 11],
        [("yes",), ("yes ",)],
    ],
)
def test_names_that_differ_on_purpose_are_not_told(classes: list[Any]) -> None:
    assert near_equal_classes(classes, [20] + [1] * (len(classes) - 1)) == []


def test_words_for_yes_and_no_are_told_where_there_are_no_others() -> None:
    assert near_equal_classes(["yes", "no", "y", "n"]) == [("yes", "y"), ("no", "n")]
    assert near_equal_classes(["True", "False", "1", "0"]) == [("True", "1"), ("False", "0")]
    assert near_equal_classes([True, "yes", "no"]) == [(True, "yes")]
    for classes in (["n", "no", "o", "s"], ["yes", "no"], ["1", "0", "t", "2"], ["y", "n", "?"]):
        assert near_equal_classes(classes) == []


def test_words_of_another_script_are_no_latin_ones() -> None:
    assert near_equal_classes(["\u0440\u043e\u0442", "pot", "\u0441\u043e\u043a"]) == []


def test_numbers_are_not_looked_at() -> None:
    for classes in (np.arange(5), np.array([0.5, 1.0]), np.array([False, True])):
        assert near_equal_classes(classes) == []
        assert remarks_on_classes(classes) == []


def test_many_names_of_one_pattern_are_codes_and_not_misspelt() -> None:
    classes = [f"prefix{letter}suffix" for letter in string.ascii_lowercase + "äöüéèê"]
    assert near_equal_classes(classes, [9] + [1] * (len(classes) - 1)) == []


@given(st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=8))
def test_every_group_is_of_two_or_more_of_the_classes(classes: list[str]) -> None:
    for group in near_equal_classes(classes):
        assert len(group) >= 2
        assert set(group) <= set(classes)


@pytest.mark.parametrize(
    "word",
    [
        *("NA", "#N/A", "n/a", "<NA>", "\\N", ".", "-", "?", "None", "null", "nan", "N.A."),
        *("unlabelled", "Unlabeled", "missing", " NA ", "", "  ", "\u200b"),
    ],
)
def test_words_that_say_missing(word: str) -> None:
    assert says_missing(word)
    assert words_for_missing(["a", word, None, 3]) == [word]


@pytest.mark.parametrize("word", ["a", "Na", "Namibia", "nap", "0", "none of these", "minus"])
def test_words_that_do_not(word: str) -> None:
    assert not says_missing(word)


def test_beside_other_signs_a_sign_is_a_class() -> None:
    assert words_for_missing(["+", "-"]) == []
    assert words_for_missing(["y", "n", "?"]) == ["?"]
    assert words_for_missing(["NA", "+", "-"]) == ["NA"]


def test_one_warning_names_them_all_and_the_remedy() -> None:
    with pytest.warns(LabelWarning, match="nearly the same name.*'loyal', 'Loyal' and 'loyal '"):
        warn_of_classes(["loyal", "lost", "Loyal", "loyal "])
    with pytest.warns(LabelWarning, match=r"'NA' and '\?' are read as classes.*pandas.NA"):
        warn_of_classes(np.array(["NA", "a", "?"]))


def test_names_that_look_the_same_are_shown_by_their_characters() -> None:
    (remark,) = remarks_on_classes(["e\u0301te", "\u00e9te"])
    assert r"'e\u0301te' and '\xe9te'" in remark


def test_only_what_concerns_new_classes_is_told() -> None:
    classes = ["yes", "Yes", "no", "NA"]
    assert remarks_on_classes(classes, new=["no"]) == []
    assert len(remarks_on_classes(classes, new=["Yes"])) == 1
    assert len(remarks_on_classes(classes, new=["Yes", "NA"])) == 2


def test_of_many_groups_the_first_are_named_and_the_others_counted() -> None:
    classes = [form for i in range(7) for form in (f"name {i}", f"Name {i}")]
    (remark,) = remarks_on_classes(classes)
    assert "'name 4' and 'Name 4'; and 2 more." in remark
