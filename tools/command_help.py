"""Keep docs/command-line.md equal to what `fewlabels COMMAND --help` prints.

Usage: python tools/command_help.py [--check]
Without --check the page is rewritten (`make docs`); with it, a stale page is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/command-line.md")
HEADER = """\
# The command line

What each command prints for `--help`. `make docs` writes this page from the commands
themselves, and `make check` fails when it is out of date: edit the commands, not the page.
"""
RUN = "import sys; sys.argv[0] = 'fewlabels'; from fewlabels.cli import main; main()"


def help_of(command: tuple[str, ...]) -> str:
    """Return what ``fewlabels *command --help`` prints on a terminal of 80 columns."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *command, "--help"],
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(
            f"fewlabels {' '.join(command)} --help: exit code {done.returncode}\n{done.stderr}"
        )
    return done.stdout.rstrip()


def subcommands(help_text: str) -> list[str]:
    """Return the names that a group's help lists under its heading `Commands:`."""
    section = help_text.partition("\nCommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\S+)", section, flags=re.MULTILINE)


def page() -> str:
    """Return the whole page: the group's help, then that of each command, depth first."""
    parts = [HEADER]
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop()
        text = help_of(command)
        name = " ".join(("fewlabels", *command))
        parts.append(f"## `{name}`\n\n```text\n{text}\n```\n")
        waiting.extend((*command, found) for found in reversed(subcommands(text)))
    return "\n".join(parts)


def main() -> int:
    """Rewrite or check the page; return the exit code."""
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(wanted, encoding="utf-8")
        print(f"{PAGE}: written")
        return 0
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
        print(f"{PAGE}: differs from what the commands print; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
