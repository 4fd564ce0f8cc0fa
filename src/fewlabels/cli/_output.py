"""What commands that write a table have in common: their options, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fewlabels._typing import Function
from fewlabels.cli._stdout import show, show_bytes, warn

if TYPE_CHECKING:
    from fewlabels.io import AddedColumns, Table

_Command = TypeVar("_Command", bound=Function)


def output_option(source: str) -> Callable[[_Command], _Command]:
    """Return what gives a command --output; `source` is what it calls the table that it reads."""
    return click.option(
        "-o",
        "--output",
        required=True,
        metavar="OUTPUT",
        type=click.Path(path_type=Path),
        help="The table to write; the ending tells the format, which may differ from "
        f"{source}'s. - is standard output; the report then goes to standard error.",
    )


def ending_options(command: _Command) -> _Command:
    """Give a command --force and --quiet."""
    command = click.option(
        "-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors."
    )(command)
    return click.option("--force", is_flag=True, help="Replace OUTPUT if it exists.")(command)


class Writer:
    """The table that a command writes, to a file or to standard output.

    Parameters
    ----------
    output : Path
        ``-`` is standard output.
    form : str or None
        The format of standard output; None for a file, whose ending tells it.
    force : bool
        Whether a file that exists is replaced.
    """

    def __init__(self, output: Path, form: str | None, *, force: bool) -> None:
        self.output, self.form, self._force = output, form, force
        self._held: BytesIO | None = None

    def check(self, table: Table) -> None:
        """Raise if the format can't hold what is in the table."""
        from fewlabels.io import check_writable

        check_writable(table, self.output, file_format=self.form)

    def write(self, table: Table, added: AddedColumns, progress: Callable[[float], None]) -> None:
        """Write the file; or hold what standard output gets in the end."""
        from fewlabels.io import write_table

        if self.form is None:
            write_table(table, added, self.output, replace=self._force, progress=progress)
            return
        self._held = BytesIO()
        write_table(table, added, self._held, file_format=self.form)

    def end(self, report: str, warnings: list[str], *, quiet: bool) -> None:
        """Print warnings, what standard output gets, and the report."""
        warn(warnings)
        if self._held is not None:
            show_bytes(self._held.getvalue())
        if not quiet:
            done = f"{self.output} is written, whole; only the report could not be shown."
            show(report, done=done, err=self._held is not None)
