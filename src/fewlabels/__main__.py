"""``python -m fewlabels``: the command line."""

from fewlabels.cli import main

main()
