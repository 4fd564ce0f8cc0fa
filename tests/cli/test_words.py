"""Messages as the command line says them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.cli._words import in_options, visible, with_kinds_as_options
from fewlabels.io._table import setting


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"leave it out ({setting('exclude', ['my x'])}).", "leave it out (--exclude 'my x')."),
        (setting("names", ["a", "b"]), "--features a,b"),
        (setting("names", "x.npy"), "--features x.npy"),
        (setting("missing", ["-1"]), "--missing=-1"),
        (setting("missing", [""]), "--missing ''"),
        (setting("separator", "\t"), "--sep '\t'"),
        (f"{setting('label', 'a')} and {setting('key', 'b')}", "--label a and --key b"),
        ("replace it (replace=True).", "replace it with --force."),
        ("rows of X lie off: 9 (counted from 0)", "rows of the file lie off: 10 (counted from 1)"),
        (
            "rows of X lie off: 0, 9 and 12 more (counted from 0)",
            "rows of the file lie off: 1, 10 and 12 more (counted from 1)",
        ),
        ("nothing=['x'], exclude is a word", "nothing=['x'], exclude is a word"),
    ],
)
def test_settings_become_options(message: str, said: str) -> None:
    assert in_options(message) == said


def test_where_columns_have_one_option_kinds_are_named_in_it() -> None:
    message = f"leave it out ({setting('columns', {'my x': 'drop', 'when': 'date:%d'})})"
    said = with_kinds_as_options(message)
    assert said == "leave it out (--column 'my x=drop' --column when=date:%d)"


@given(st.text(min_size=1).filter(lambda name: name[0] != "-"))
def test_any_name_comes_through_the_shell(name: str) -> None:
    said = in_options(f"first {setting('exclude', [name])} last")
    assert said.startswith("first --exclude ")
    assert shlex.split(said) == ["first", "--exclude", name, "last"]


def test_what_a_terminal_acts_on_or_hides_is_made_visible() -> None:
    assert visible("a\x1b[31mb\r\n") == r"a\x1b[31mb\r\n"
    assert visible("a\nb\t", keep="\n") == "a\nb\\t"
    assert visible("zero\u200bwidth, right\u202eleft") == r"zero\u200bwidth, right\u202eleft"
    assert visible("\udce9 in a path") == r"\udce9 in a path"
    assert visible("Größe, 大きさ") == "Größe, 大きさ"
