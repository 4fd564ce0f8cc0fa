"""Print to standard output, which may be full, closed, or a pipe that nobody reads any more."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from fewlabels.cli._errors import EXIT_BAD_INPUT, EXIT_BROKEN_PIPE


class _NoOutputError(click.ClickException):
    exit_code = EXIT_BAD_INPUT


def show(text: str, *, done: str = "") -> None:
    """Print text; end the command with one line on stderr if that can't be done.

    Parameters
    ----------
    text : str
    done : str
        A sentence for the error message: what has been done and stays.
    """
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        click.echo(text)
    except BrokenPipeError:
        # the reader has what it wants (``| head -1``)
        _forget_what_is_buffered()
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None
    except OSError as error:
        _forget_what_is_buffered()
        reason = error.strerror or error
        raise _NoOutputError(f"can't print to standard output ({reason}). {done}".strip()) from None


def _forget_what_is_buffered() -> None:
    """Let the interpreter's last flush succeed, which would end in a traceback otherwise."""
    if sys.stdout is None:
        return
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
