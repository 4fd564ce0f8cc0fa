"""The one place where errors become a line on stderr and an exit code.

===========================================  =========  ======================================
what happened                                exit code  stderr
===========================================  =========  ======================================
a command did its work                       0
a command found a difference (``demo``)      1          what the command says
bad input, bad file, bad option              2          one line: what is wrong, what to do
not enough memory                            2          one line
a package of an extra is missing             2          one line that names the extra
standard output full or closed               2          one line
standard error full or closed                as above   lost
Ctrl-C                                       130        one line
standard output no longer read (``| head``)  141
a fault in fewlabels                         1          the traceback, to be reported
===========================================  =========  ======================================
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from fewlabels.cli._words import in_options, visible
from fewlabels.exceptions import FewLabelsError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE

# The extra that each package comes with.
_EXTRAS = {
    **dict.fromkeys(
        ("click", "matplotlib", "PIL", "pyarrow", "python_calamine", "rich", "xlsxwriter"), "cli"
    ),
    **dict.fromkeys(("starlette", "uvicorn"), "label"),
}


def exit_code_of(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; an error is written to stderr in one line."""
    try:
        result = command()
    except click.UsageError as error:
        hint = f" Try '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        return _failed(f"{error.format_message()}{hint}")
    except click.ClickException as error:
        return _failed(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        newline = "\n" if sys.stderr.isatty() else ""  # after the ^C that a terminal shows
        click.echo(f"{newline}Interrupted.", err=True)
        return EXIT_INTERRUPTED
    except FewLabelsError as error:
        return _failed(in_options(str(error)))
    except MemoryError:
        return _failed("not enough memory. Use fewer rows or columns (--features).")
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in _EXTRAS:
            raise
        return _failed(
            f"this command needs {package}, which is not installed: pip install "
            f"'fewlabels[{_EXTRAS[package]}]'"
        )
    return result if isinstance(result, int) else 0


def _failed(message: str, code: int = EXIT_BAD_INPUT) -> int:
    click.echo(f"Error: {visible(' '.join(message.splitlines()))}", err=True)
    return code
