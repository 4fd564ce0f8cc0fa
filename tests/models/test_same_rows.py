"""Tables and labels whose rows are named otherwise are not matched by position in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from fewlabels import FewLabelsClassifier, LabelSpreading, simulate
from fewlabels._same_rows import refuse_other_rows
from fewlabels.exceptions import InvalidInputError
from fewlabels.models import CorrectAndSmooth, FewLabelsRegressor
from fewlabels.session import Session

N = 60
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["a", "b"], index=np.arange(100, 100 + N))
X["a"] += 4 * (np.arange(N) % 2)
CLASS = pd.Series(["odd" if row % 2 else "even" for row in range(N)], index=X.index)
SHUFFLED = CLASS.sample(frac=1, random_state=1)


@pytest.mark.parametrize(
    "model",
    [FewLabelsClassifier(), LabelSpreading(), CorrectAndSmooth(LogisticRegression())],
    ids=lambda model: type(model).__name__,
)
def test_labels_in_another_order_are_refused_with_the_remedy(model: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"another order.*y\.loc\[X\.index\]"):
        model.fit(X, SHUFFLED)
    model.fit(X, SHUFFLED.loc[X.index])
    assert model.transduction_.tolist() == CLASS.tolist()
    with pytest.raises(InvalidInputError, match="another order"):
        model.score(X, SHUFFLED)


def test_numbers_weights_and_simulations_too() -> None:
    numbers = X["a"].sample(frac=1, random_state=1)
    with pytest.raises(InvalidInputError, match="another order"):
        FewLabelsRegressor().fit(X, numbers)
    weights = pd.Series(1.0, index=SHUFFLED.index)
    with pytest.raises(InvalidInputError, match=r"index of sample_weight .* sample_weight\.loc"):
        LabelSpreading().fit(X, CLASS, sample_weight=weights)
    with pytest.raises(InvalidInputError, match="another order"):
        simulate(X, SHUFFLED, budget=10)


def test_rows_left_out_of_one_of_both_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"59 of 60 in common.*the same rows of both"):
        refuse_other_rows(X, pd.Series(0, index=np.arange(101, 101 + N)))


@pytest.mark.parametrize(
    "y",
    [
        CLASS,
        CLASS.to_numpy(),
        CLASS.reset_index(drop=True),  # counts from 0
        pd.Series(CLASS.to_numpy(), index=[f"r{row}" for row in range(N)]),  # nothing in common
        CLASS.iloc[:5],  # another length has its own message
    ],
)
def test_what_speaks_of_no_other_rows_is_read_by_position(y: Any) -> None:
    refuse_other_rows(X, y)


def test_a_shuffled_table_beside_labels_that_count_from_0_is_refused() -> None:
    counting = X.reset_index(drop=True).sample(frac=1, random_state=1)
    with pytest.raises(InvalidInputError, match="another order"):
        refuse_other_rows(counting, pd.Series(0, index=range(N)))


def test_indexes_of_several_levels() -> None:
    levels = pd.MultiIndex.from_product([range(30), list("ab")])
    table = X.set_axis(levels)
    refuse_other_rows(table, CLASS)
    with pytest.raises(InvalidInputError, match="another order"):
        refuse_other_rows(table, table["a"].iloc[::-1])


def test_answers_in_another_order_than_the_indices_are_refused() -> None:
    model = LabelSpreading().fit(X, CLASS.where(np.arange(N) < 10))
    answers = pd.Series(["even", "odd"], index=[20, 11])
    with pytest.raises(InvalidInputError, match=r"indices=labels\.index"):
        model.add_labels([11, 20], answers)
    model.add_labels(answers.index, answers)
    with pytest.raises(InvalidInputError, match=r"indices=labels\.index"):
        Session(X.to_numpy()).tell([11, 20], answers)
