"""Texts become points near one another where they share words, or spell alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from fewlabels import FewLabelsClassifier, Texts, make_points
from fewlabels.exceptions import (
    DataFileError,
    FeatureWarning,
    InvalidInputError,
    InvalidTypeError,
)
from fewlabels.features._spelling import run_codes, runs_in
from fewlabels.features._stacking import stacked
from fewlabels.features._term_weights import TermWeights
from fewlabels.features._terms import Counts
from fewlabels.features._text_choice import Look
from fewlabels.features._text_items import LONGEST
from fewlabels.features._weighing import can_tell, labelled_rows, surely_best
from fewlabels.features._words import LONGEST_WORD, words_of
from fewlabels.features.points_state import points_of_state, points_state

SUBJECTS = [
    ["ship", "sail", "harbour", "wave", "anchor", "crew", "tide", "deck", "storm", "island"],
    ["cow", "barn", "field", "tractor", "harvest", "wheat", "sheep", "plough", "fence", "milk"],
    ["judge", "law", "trial", "jury", "appeal", "verdict", "lawyer", "crime", "witness", "oath"],
]
LITTLE_WORDS = ["the", "a", "of", "and", "to", "in", "with", "for"]


def made_texts(n: int = 90, n_words: int = 30, seed: int = 0) -> tuple[list[str], Any]:
    """Texts on three subjects, half of each of little words, and which subject each is on."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    texts = []
    for subject in truth:
        own = rng.choice(SUBJECTS[subject], n_words // 2)
        little = rng.choice(LITTLE_WORDS, n_words - n_words // 2)
        texts.append(" ".join(rng.permutation([*own, *little])))
    return texts, truth


def few_of(truth: Any, n_labels: int) -> Any:
    y = np.full(len(truth), -1)
    y[:n_labels] = truth[:n_labels]
    return y


def as_dense(points: Any) -> Any:
    return points.toarray() if sparse.issparse(points) else np.asarray(points)


# Against the textbook


@pytest.mark.parametrize("n", [10, 60])
def test_words_are_weighed_as_scikit_learn_weighs_them(n: int) -> None:
    texts, _ = made_texts(n)
    counts = Counts.of(texts)
    weights = TermWeights.of(counts.values)
    found = weights.weighed(counts.values)
    limits = {"min_df": 2, "max_df": 0.5} if n >= 20 else {}
    vectorizer = TfidfVectorizer(
        sublinear_tf=True, dtype=np.float32, token_pattern=r"\w+", **limits
    )
    expected = vectorizer.fit_transform(texts)
    names = [counts.words[place] for place in weights.kept]
    order = np.argsort(names)
    assert [names[place] for place in order] == vectorizer.get_feature_names_out().tolist()
    assert np.allclose(found.toarray()[:, order], expected.toarray(), atol=1e-6)


def test_runs_are_those_of_scikit_learn_though_only_words_are_cut() -> None:
    texts = ["The cat, the cart; a cät!", "", "cats carted 猫が好き", "x"]
    counts = Counts.of(texts)
    spelled, codes = runs_in(counts.words)
    found = (counts.values @ spelled).toarray()
    words = [" ".join(words_of(text)) for text in texts]
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 4), use_idf=False, norm=None
    ).build_analyzer()
    for row, text in enumerate(words):
        expected: dict[str, int] = {}
        for word in text.split():
            for run in vectorizer(f" {word} "):
                expected[run] = expected.get(run, 0) + 1
        assert sorted(found[row][found[row] > 0]) == sorted(expected.values())
    assert len(codes) == len(set(codes.tolist()))


def test_the_same_run_has_the_same_code_in_every_word() -> None:
    codes, of_words = run_codes(["abab", "ab"])
    in_first, in_second = (set(codes[of_words == word].tolist()) for word in (0, 1))
    assert len(in_second) == 6  # " a", "ab", "b ", " ab", "ab ", " ab "
    assert len(in_first & in_second) == 5  # all but " ab "


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, C3PO!", ["don", "t", "stop", "c3po"]),
        ("ÉCOLE d'été", ["école", "d", "été"]),
        ("great😀😀", ["great", "😀", "😀"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("ภาษาไทย", ["ภาษาไทย"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("<p>a &amp; b</p>", ["p", "a", "amp", "b", "p"]),
        ("3.14 and 2,000", ["3", "14", "and", "2", "000"]),
        ("", []),
        ("?!", []),
    ],
)
def test_words_in_every_script(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize("letter", ["a", "猫"])
def test_long_runs_of_letters_are_cut(letter: str) -> None:
    words = words_of(letter * (2 * LONGEST_WORD + 1))
    assert [len(word) for word in words] == [LONGEST_WORD, LONGEST_WORD, 1]


# Recipes


@pytest.mark.parametrize("recipe", ["topics", "words", "spelling"])
def test_texts_on_one_subject_are_near(recipe: str) -> None:
    texts, truth = made_texts()
    points = as_dense(Texts(recipe).fit_transform(texts))
    cosines = points @ points.T
    np.fill_diagonal(cosines, -1)
    assert np.mean(truth[cosines.argmax(axis=1)] == truth) == 1


@pytest.mark.parametrize("recipe", ["topics", "words", "spelling"])
def test_rows_are_unit_float32_and_the_same_for_the_fitted_texts(recipe: str) -> None:
    texts, _ = made_texts()
    transformer = Texts(recipe)
    points = transformer.fit_transform(texts)
    assert points.dtype == np.float32
    assert sparse.issparse(points) == (recipe != "topics")
    assert np.allclose(np.linalg.norm(as_dense(points), axis=1), 1, atol=1e-6)
    assert np.allclose(as_dense(transformer.transform(texts)), as_dense(points), atol=1e-6)
    assert points.shape[1] == len(transformer.get_feature_names_out())


def test_long_texts_are_reduced_short_ones_are_not_and_names_are_spelled() -> None:
    long, _ = made_texts(n_words=40)
    short, _ = made_texts(n_words=6)
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list("abcdefghijklmnop"), 9)) for _ in range(80)]
    for texts, recipe in ((long, "topics"), (short, "words"), (names, "spelling")):
        transformer = Texts().fit(texts)
        assert transformer.recipe_ == recipe
        assert transformer.choices_[0].startswith(f"{recipe}: TF-IDF of ")


@pytest.mark.parametrize(
    "codes",
    [np.repeat(np.arange(1200), 2), np.tile(np.arange(1200), 2), np.arange(5000) // 4999,
     np.minimum(np.arange(5000) // 4998, 1), np.arange(900) % 3],
    ids=["neighbours", "far", "one alone", "rare", "usual"],
)  # fmt: skip
def test_labels_that_are_looked_at_are_400_at_most_and_two_of_a_class(codes: np.ndarray) -> None:
    rows = labelled_rows(codes)
    assert 200 <= len(rows) <= 400
    assert np.unique(codes[rows], return_counts=True)[1].min() >= 2
    np.testing.assert_array_equal(labelled_rows(codes[rows]), np.arange(len(rows)))
    assert can_tell(codes[rows]) == can_tell(codes)


def test_points_are_chosen_by_labels_left_out_only_where_that_is_surely_better() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 2
    told = rng.normal(size=(60, 3)) + 4 * truth[:, None]
    noise = rng.normal(size=(60, 3))
    candidates = {"noise": noise, "told": told, "told again": told}
    codes = few_of(truth, 30)
    best, errors = surely_best(candidates, "noise", codes)
    assert best != "noise"
    assert errors[best] < errors["noise"]
    assert surely_best(candidates, "told again", codes)[0] == "told again"
    assert surely_best({"noise": noise, "other": noise[::-1]}, "noise", codes)[0] == "noise"


def test_choice_by_labels_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, truth = made_texts()  # 30 words
    codes = few_of(truth, 24)
    assert "hidden in turn" not in Texts().fit(texts, codes).choices_[0]

    def of_spelling(candidates: Any, usual: str, given: Any) -> tuple[str, dict[str, float]]:
        assert usual == "words"
        assert np.array_equal(given, codes[codes >= 0])
        return "spelling", dict.fromkeys(candidates, 0.5)

    monkeypatch.setattr("fewlabels.features._text_choice.surely_best", of_spelling)
    transformer = Texts().fit(texts, codes)
    assert transformer.recipe_ == "spelling"
    assert (
        "labels that were hidden in turn are told better by spelling than by words"
        in transformer.choices_[0]
    )


def test_labels_left_out_do_not_choose_between_topics_and_spelling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*given: object) -> None:
        raise AssertionError("labels left out say nothing of topics")

    monkeypatch.setattr("fewlabels.features._text_choice.surely_best", never)
    texts, truth = made_texts()
    for n_labels in (3, 12, 21):
        assert Texts().fit(texts, few_of(truth, n_labels)).recipe_ == "topics"


def test_words_are_kept_as_they_are_where_labels_are_many_for_so_long_texts() -> None:
    texts, truth = made_texts()  # 30 words
    for n_labels, recipe in ((3, "topics"), (21, "topics"), (24, "words")):
        assert Look.of(Counts.of(texts), few_of(truth, n_labels)).recipe == recipe


def test_labels_as_numbers_to_be_predicted_choose_nothing() -> None:
    texts, truth = made_texts()
    assert Texts().fit(texts, truth * 0.5).recipe_ == "topics"


def test_share_of_words_that_come_again_is_judged_by_the_number_of_texts() -> None:
    assert Look(100, 5, 0).usual_share == pytest.approx(0.43)
    assert Look(1, 5, 0).usual_share < Look(800, 5, 0).usual_share
    assert Look(10**6, 5, 0).usual_share == 0.75


def test_classifier_reads_texts() -> None:
    texts, truth = made_texts()
    model = FewLabelsClassifier().fit(Texts().fit_transform(texts), few_of(truth, 3))
    assert np.mean(model.transduction_ == truth) == 1


# New texts


@pytest.mark.parametrize("recipe", ["topics", "spelling", "words"])
def test_unknown_words_are_known_by_their_spelling(recipe: str) -> None:
    texts, _ = made_texts()
    transformer = Texts(recipe).fit(texts)
    new, known = transformer.transform(["harbours"]), transformer.transform(["harbour", "judge"])
    cosines = as_dense(new @ known.T)[0]
    assert cosines[0] > cosines[1]


@pytest.mark.parametrize("recipe", ["topics", "spelling", "words"])
def test_texts_without_anything_known_are_rows_of_zero(recipe: str) -> None:
    texts, _ = made_texts()
    with pytest.warns(FeatureWarning, match="3 of 3 texts hold no word"):
        points = as_dense(Texts(recipe).fit(texts).transform(["", "ΩΨ", None]))
    assert not points.any()


# What people have


def test_empty_and_missing_texts_are_alike_and_far_from_the_others() -> None:
    texts, _ = made_texts()
    given: list[Any] = [*texts, "", None, float("nan"), "?!"]
    for recipe in ("topics", "words", "spelling"):
        transformer = Texts(recipe)
        points = as_dense(transformer.fit_transform(given))
        assert np.array_equal(points[-4:, -1], np.ones(4))
        assert not (points[:-4, -1]).any()
        assert np.abs(points[-1] @ points[:-4].T).max() == 0
        assert transformer.get_feature_names_out()[-1] == "no_words"
        (warning,) = transformer.warnings_
        assert warning.startswith("4 of 94 texts hold no word that counts, 2 of them missing")
    with pytest.warns(FeatureWarning, match="4 of 94 texts"):
        make_points(given, kind="texts")


@pytest.mark.parametrize(
    "texts",
    [["one text"], ["same text"] * 30, ["a"], ["the of and"] * 3, ["猫"] * 5, ["😀", "😀"]],
    ids=["one", "all the same", "a letter", "stop words", "one sign", "emoji"],
)
@pytest.mark.parametrize("recipe", ["auto", "topics", "words", "spelling"])
def test_little_to_go_by(texts: list[str], recipe: str) -> None:
    points = as_dense(Texts(recipe).fit_transform(texts))
    assert np.isfinite(points).all()
    assert np.allclose(points, points[0], atol=1e-6)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)


def test_text_without_blanks_is_compared_by_its_runs() -> None:
    about_cats = ["我喜欢小猫咪因为它们很可爱", "小猫咪真的很可爱"]
    about_cars = ["新汽车的发动机功率很大", "这辆新汽车发动机坏了"]
    points = as_dense(Texts().fit_transform([*about_cats, *about_cars]))
    cosines = points @ points.T
    assert cosines[0, 1] > cosines[0, 2:].max()
    assert cosines[2, 3] > cosines[2, :2].max()


def test_long_texts_are_read_to_a_limit_that_is_said() -> None:
    texts, _ = made_texts(30)
    long = texts[0] + " " + "word " * (LONGEST // 5 + 10)
    transformer = Texts("topics").fit([long, *texts[1:]])
    assert len(transformer.warnings_) == 1
    assert transformer.warnings_[0].startswith("1 of 30 texts are longer than 200,000 characters")


def test_bytes_are_utf8() -> None:
    texts, _ = made_texts()
    as_bytes = [text.encode() for text in texts]
    expected = Texts().fit_transform(texts)
    assert np.array_equal(Texts().fit_transform(as_bytes), expected)
    with pytest.raises(InvalidInputError, match=r"row 1 .* not UTF-8"):
        Texts().fit([b"fine", b"caf\xe9"])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("a text", InvalidTypeError, "a single one"),
        ([], InvalidInputError, "at least one text"),
        (["a", 3], InvalidTypeError, "got 3 of type int in row 1"),
        (7, InvalidTypeError, "got a int"),
        (np.zeros((2, 2)), InvalidTypeError, r"shape \(2, 2\)"),
        (["", None, "?"], InvalidInputError, "no text holds a word"),
    ],
)
def test_what_are_no_texts(data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Texts().fit(data)


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="recipe must be one of 'auto'"):
        Texts("embeddings").fit(["a"])
    with pytest.raises(InvalidInputError, match="random_state"):
        Texts(random_state=-1).fit(["a"])
    with pytest.raises(InvalidInputError, match="each of the 1 rows"):
        Texts().fit(["a"], [0, 1])


def test_arrays_and_columns_are_lists_of_texts() -> None:
    import pandas as pd

    texts, _ = made_texts()
    expected = Texts().fit_transform(texts)
    for data in (
        np.array(texts),
        np.array(texts, dtype=object)[:, None],
        pd.Series(texts),
        tuple(texts),
    ):
        assert np.array_equal(Texts().fit_transform(data), expected)


# As a transformer


def test_pipeline_clone_and_output() -> None:
    import pandas as pd

    texts, _ = made_texts()
    transformer = clone(Texts("topics", random_state=3))
    assert transformer.get_params() == {"recipe": "topics", "random_state": 3}
    points = make_pipeline(transformer, FunctionTransformer()).fit_transform(texts)
    frame = Texts("topics", random_state=3).set_output(transform="pandas").fit_transform(texts)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns[0] == "topic0"
    assert np.allclose(frame.to_numpy(), points)


def test_large_sets_are_made_in_blocks_that_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts, _ = made_texts()
    for recipe in ("topics", "words", "spelling"):
        whole = as_dense(Texts(recipe).fit_transform(texts))
        with monkeypatch.context() as patch:
            patch.setattr("fewlabels.features._terms._BLOCK", 40)
            patch.setattr("fewlabels.features._words._BLOCK", 500)
            assert np.allclose(as_dense(Texts(recipe).fit_transform(texts)), whole, atol=1e-6)


def test_directions_are_found_from_a_part_of_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, truth = made_texts(300)
    monkeypatch.setattr("fewlabels.features._terms._MOST_LOOKED_AT", 100)
    points = Texts("topics").fit_transform(texts)
    cosines = points @ points.T
    np.fill_diagonal(cosines, -1)
    assert np.mean(truth[cosines.argmax(axis=1)] == truth) == 1


def test_progress_is_told() -> None:
    texts, _ = made_texts()
    told: list[float] = []
    make_points(texts, progress=told.append)
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


# State


@pytest.mark.parametrize("recipe", ["topics", "words", "spelling"])
def test_state_holds_all_that_transform_needs(recipe: str, tmp_path: Path) -> None:
    texts, _ = made_texts()
    transformer = Texts(recipe).fit([*texts, ""])
    again = Texts._from_state(transformer._state())
    new = [*made_texts(5, seed=1)[0], "harbours", ""]
    assert np.array_equal(as_dense(again.transform(new)), as_dense(transformer.transform(new)))
    assert again.choices_ == transformer.choices_
    assert again.warnings_ == transformer.warnings_
    assert again.recipe_ == recipe
    for _, value in _leaves(transformer._state()):
        assert value is None or isinstance(value, (str, bool, list, np.ndarray))
        assert not (isinstance(value, np.ndarray) and value.dtype == object)


def _leaves(state: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, value in state.items():
        found += (
            _leaves(value, (*before, key)) if isinstance(value, dict) else [((*before, key), value)]
        )
    return found


@pytest.mark.parametrize("damage", ["gone", "wrong", "short"])
def test_damaged_state_is_an_error(damage: str) -> None:
    texts, _ = made_texts()
    whole = Texts("topics").fit([*texts, ""])._state()
    for path, value in _leaves(whole):
        if damage == "short" and not (isinstance(value, np.ndarray) or path[-1] == "words"):
            continue
        state = Texts("topics").fit([*texts, ""])._state()
        part = state
        for key in path[:-1]:
            part = part[key]
        if damage == "gone":
            del part[path[-1]]
        else:
            part[path[-1]] = 7 if damage == "wrong" else value[:-1]
        with pytest.raises(DataFileError, match="damaged"):
            Texts._from_state(state)


def test_the_nearest_of_many_texts_in_few_directions_count_alike() -> None:
    texts, truth = made_texts(330, 20)
    points = make_points(texts, few_of(truth, 6))
    assert (points.transformer.recipe_, points.n_alike) == ("topics", 15)
    model = FewLabelsClassifier().fit(points, few_of(truth, 6))
    assert str(model.choices_["graph"]) == "nearest, 15 neighbours, all alike: the points say so"
    assert set(np.unique(model.graph_.affinity.data)) == {0.5, 1.0}
    assert np.mean(model.transduction_ == truth) > 0.9
    assert np.mean(model.predict(texts[:50]) == truth[:50]) > 0.9
    # few of them, single words, and columns beside them go by distance
    assert make_points(texts[:299]).n_alike is None
    assert Texts("words").fit(texts).n_alike_ is None
    assert make_points({"text": texts}).n_alike == 15
    assert make_points({"text": texts, "x": np.arange(330) % 7}).n_alike is None


def test_saved_points_keep_how_neighbours_count() -> None:
    points = make_points(made_texts(300, 20)[0])
    state = points_state(points)
    assert points_of_state(state).n_alike == 15
    assert points_of_state({**state, "n_alike": None}).n_alike is None
    del state["n_alike"]  # as files of before
    assert points_of_state(state).n_alike is None
    for damaged in (0, 1.5, "15", True):
        with pytest.raises(DataFileError, match="damaged"):
            points_of_state({**state, "n_alike": damaged})


@pytest.mark.parametrize("to_sparse", [np.asarray, sparse.csr_array])
def test_blocks_of_rows_are_stacked_and_let_go_of(to_sparse: Any) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(3, size=(n, 4)).astype(np.float32) for n in (3, 1, 5)]
    parts[1][:] = 0
    blocks = [to_sparse(part) for part in parts]
    found = stacked(blocks)
    assert blocks == []
    assert found.dtype == np.float32
    dense = found.toarray() if sparse.issparse(found) else found
    np.testing.assert_array_equal(dense, np.vstack(parts))
