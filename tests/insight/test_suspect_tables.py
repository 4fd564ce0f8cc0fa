"""Suspect labels as a sequence, and as tables with named columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fewlabels.insight import Suspect, SuspectLabels, rank_suspects
from fewlabels.systems import LeftOut

COLUMNS = ["node", "label", "suggested", "margin", "rival"]


@pytest.fixture
def suspects() -> SuspectLabels:
    heard = np.kron(np.eye(2), np.ones((3, 3))) - np.eye(6)
    codes = [0, 0, 1, 1, 1, 0]
    return rank_suspects(LeftOut(heard, np.zeros(6)), range(10, 16), codes, np.array(["a", "b"]))


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_a_table_of_suspects_has_named_columns(suspects, table) -> None:
    found = table(suspects)
    assert list(found.columns) == COLUMNS
    assert found["node"].to_list() == suspects.nodes.tolist()
    assert found["label"].to_list() == suspects.labels.tolist()
    assert found["margin"].to_list() == suspects.margins.tolist()


def test_suspects_are_a_sequence_of_named_tuples(suspects) -> None:
    first = suspects[0]
    assert first == Suspect(*(getattr(first, name) for name in COLUMNS))
    assert first.node in (12, 15)
    assert first.margin < 0
    assert len(list(suspects)) == len(suspects) == 6
    assert suspects[-1] == suspects[np.int64(5)] == list(suspects)[5]
    assert suspects[1:3] == list(suspects)[1:3]
    assert [node for node, *_ in suspects] == suspects.nodes.tolist()
    with pytest.raises(IndexError):
        suspects[6]
