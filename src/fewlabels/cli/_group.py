"""The group of commands; a command's module is imported when the command is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from fewlabels._typing import Package
from fewlabels._version import __version__
from fewlabels.cli._errors import exit_code_of
from fewlabels.cli._stderr import forgiving_standard_error


class Entry(NamedTuple):
    """Where a command is, and its line in the list of commands (so that it isn't imported)."""

    module: str
    short_help: str


# In the order in which people meet them.
COMMANDS = {
    "label": Entry("fewlabels.cli.label", "Label pictures, texts or rows in the browser."),
    "export": Entry("fewlabels.cli.export", "Write the labels of a label file as a table."),
    "spread": Entry(
        "fewlabels.cli.spread", "Label all rows of a table from the few that have one."
    ),
    "predict": Entry("fewlabels.cli.predict", "Label new rows with a model that spread saved."),
    "simulate": Entry(
        "fewlabels.cli.simulate", "See which questions are worth asking, on known labels."
    ),
    "demo": Entry("fewlabels.cli.demo", "Reproduce two published digit examples, then beat them."),
    "cache": Entry("fewlabels.cli.cache", "Show or clear the embeddings that are kept."),
}


class LazyGroup(click.Group):
    """A click group over `COMMANDS`, whose errors are one line (see ``_errors``)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; it has the same name in its module."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without an import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.short_help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; Ctrl-C becomes an Abort here, before click writes a blank line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: object,
    ) -> Package:
        """Run the command line and end the process with its exit code."""

        def run() -> object:
            return super(LazyGroup, self).main(
                args, prog_name, complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        with forgiving_standard_error():
            code = exit_code_of(run)
        sys.exit(code)


@click.group(
    cls=LazyGroup,
    name="fewlabels",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'fewlabels COMMAND --help' explains a command, with examples.",
)
@click.version_option(__version__, prog_name="fewlabels")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Label a few. Get the rest. Know when to stop."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
