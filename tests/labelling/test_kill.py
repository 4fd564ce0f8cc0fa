"""A process that is killed while it stores answers; `make kill` does so a thousand times."""

from __future__ import annotations

import pytest

from tools import kill_labelling


@pytest.mark.long
def test_no_acknowledged_answer_is_lost_and_none_is_doubled() -> None:
    assert kill_labelling.main(4, 0) == 0
