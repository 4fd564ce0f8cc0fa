"""The group of commands: quick to answer, one line for an error, lazy imports."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from fewlabels import __version__
from fewlabels.cli import main
from fewlabels.cli._errors import exit_code_of
from fewlabels.cli._group import COMMANDS
from fewlabels.exceptions import InvalidInputError, MissingDependencyError

HEAVY = ("numpy", "scipy", "sklearn", "pyarrow", "matplotlib", "pandas", "rich")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["spread", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from fewlabels.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not found, found\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_commands_say(name: str) -> None:
    command = getattr(importlib.import_module(COMMANDS[name].module), name)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name].short_help
    assert COMMANDS[name].short_help in CliRunner().invoke(main, ["--help"]).output


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_in_help_stay_on_their_own_lines(name: str) -> None:
    lines = CliRunner().invoke(main, [name, "--help"]).output.splitlines()
    assert sum(line.strip().startswith(f"fewlabels {name}") for line in lines) >= 3
    assert not any("\\b" in line for line in lines)


def test_without_a_command_the_help_is_shown() -> None:
    runner = CliRunner()
    result = runner.invoke(main, [])
    assert result.exit_code == 0
    assert result.output == runner.invoke(main, ["--help"]).output


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output == f"fewlabels, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["spraed"], "No such command 'spraed'"),
        (["spread"], "Missing argument 'INPUT'"),
        (["spread", "a.csv", "-o", "b.csv"], "Missing option '--label'"),
        (["spread", "a.csv", "--label", "y", "-o", "b.csv", "--alpha", "2"], "'--alpha'"),
        (["spread", "a.csv", "--label", "y", "-o", "b.csv", "--neighbors", "x"], "'--neighbors'"),
        (["spread", "a.csv", "--colour"], "No such option"),
    ],
)
def test_a_wrong_call_gets_one_line_that_points_to_the_help(
    arguments: list[str], message: str
) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "--help'." in result.stderr
    assert len(result.stderr.splitlines()) == 1


def raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InvalidInputError("bad\nthing"), 2, "Error: bad thing"),
        (MissingDependencyError("get it"), 2, "Error: get it"),
        (MemoryError(), 2, "Error: not enough memory. Use fewer rows or columns (--features)."),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (click.Abort(), 130, "Interrupted."),
        (click.ClickException("no"), 1, "Error: no"),
        (
            ModuleNotFoundError("no rich", name="rich.console"),
            2,
            "Error: this command needs rich, which is not installed: pip install 'fewlabels[cli]'",
        ),
    ],
)
def test_errors_become_a_line_and_an_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(raising(error)) == code
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


def test_a_fault_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError):
        exit_code_of(raising(ModuleNotFoundError("no such", name="fewlabels.nothing")))
    with pytest.raises(ZeroDivisionError):
        exit_code_of(raising(ZeroDivisionError()))


def test_exit_codes_of_commands_pass_through() -> None:
    assert exit_code_of(lambda: None) == 0
    assert exit_code_of(lambda: 1) == 1


def test_without_click_the_script_names_the_extra() -> None:
    done = python(
        "import sys; sys.modules['click'] = None\nfrom fewlabels.cli import main\nmain()\n"
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "Error: the command line needs click, which is not installed: "
        "pip install 'fewlabels[cli]'\n"
    )
