"""Say what is missing before a virtual environment is made; runs on any Python.

Usage: python3 tools/check_python.py
"""

import sys

OLDEST = (3, 11)


def main():
    """Exit with a message if this Python can't hold the project."""
    here = "%s (Python %d.%d)" % ((sys.executable,) + tuple(sys.version_info[:2]))
    if sys.version_info < OLDEST:
        sys.exit(
            "fewlabels needs Python %d.%d or later, and python3 is %s. "
            "Name a newer one: make PYTHON=python3.12 demo" % (OLDEST + (here,))
        )
    try:
        import ensurepip  # noqa: F401 - Debian splits it from the standard library
        import venv  # noqa: F401 - the same
    except ImportError as error:
        sys.exit(
            "%s has no module '%s', so that no virtual environment can be made. "
            "On Debian and Ubuntu: apt-get install python3-venv" % (here, error.name)
        )


if __name__ == "__main__":
    main()
