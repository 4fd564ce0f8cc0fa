"""The command line: ``fewlabels demo``, ``spread``, ``label``, ``export`` and ``simulate``.

`main` is the click group. Where the extra ``fewlabels[cli]`` is not installed, it is a function
that says so, since the script ``fewlabels`` is installed either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fewlabels.cli._group import main as main
else:
    try:
        from fewlabels.cli._group import main
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise

        def main() -> None:
            """Say which extra holds the command line, and end with exit code 2."""
            import sys

            sys.stderr.write(
                "Error: the command line needs click, which is not installed: "
                "pip install 'fewlabels[cli]'\n"
            )
            sys.exit(2)


__all__ = ["main"]
