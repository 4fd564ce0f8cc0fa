"""Print to standard output, which may be full, closed, or a pipe that nobody reads any more."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable

import click

from fewlabels.cli._errors import EXIT_BAD_INPUT, EXIT_BROKEN_PIPE
from fewlabels.cli._words import in_options, visible


class _NoOutputError(click.ClickException):
    exit_code = EXIT_BAD_INPUT


def show(text: str, *, done: str = "", err: bool = False) -> None:
    """Print text; end the command with one line on stderr if that can't be done.

    Parameters
    ----------
    text : str
    done : str
        A sentence for the error message: what has been done and stays.
    err : bool, default=False
        Print to standard error, since standard output is for something else.
    """
    try:
        if sys.stdout is None and not err:
            raise OSError("it is closed")
        click.echo(visible(text, keep="\n"), err=err)
    except BrokenPipeError:
        # the reader has what it wants (``| head -1``)
        _forget_what_is_buffered()
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None
    except OSError as error:
        _forget_what_is_buffered()
        reason = error.strerror or error
        raise _NoOutputError(f"can't print to standard output ({reason}). {done}".strip()) from None


def show_bytes(data: bytes) -> None:
    """Write bytes to standard output; end the command with one line if that can't be done."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        stream = sys.stdout.buffer
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        _forget_what_is_buffered()
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None
    except OSError as error:
        _forget_what_is_buffered()
        reason = error.strerror or error
        raise _NoOutputError(f"can't write to standard output ({reason}).") from None


def warn(notes: Iterable[str]) -> None:
    """Print warnings to standard error, each on a line."""
    for note in dict.fromkeys(notes):
        click.echo(f"Warning: {visible(in_options(note))}", err=True)


def _forget_what_is_buffered() -> None:
    """Let the interpreter's last flush succeed, which would end in a traceback otherwise."""
    if sys.stdout is None:
        return
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
