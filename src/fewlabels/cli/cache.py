"""``fewlabels cache``: show or clear the embeddings that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fewlabels.cli._stdout import show
from fewlabels.cli._words import visible
from fewlabels.exceptions import InvalidInputError

if TYPE_CHECKING:
    from fewlabels.features import CacheEntry

_HELP = """\
Show or clear the embeddings that are kept.

What a model makes of texts and pictures is kept in a folder, by what they hold, so that the next
run need not compute it again, and an interrupted one goes on where it was. It can be made again:
clearing it costs time only.

\b
Examples:
  fewlabels cache
  fewlabels cache --clear
  fewlabels cache --cache /scratch/embeddings --clear

The folder is --cache, else FEWLABELS_CACHE in the environment, else the system's for such files
(~/.cache/fewlabels on Linux). Only what fewlabels wrote there is removed.
"""


@click.command(name="cache", help=_HELP, short_help="Show or clear the embeddings that are kept.")
@click.option(
    "--cache",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder.  [default: FEWLABELS_CACHE, or the system's]",
)
@click.option("--clear", is_flag=True, help="Remove all that is kept.")
def cache(folder: Path | None, clear: bool) -> None:
    """List the entries, or remove them; `_HELP` says it all."""
    from fewlabels.features import cache_entries, cache_folder, clear_cache

    place = cache_folder(folder)
    if folder is not None and not place.is_dir():
        raise InvalidInputError(f"there is no folder {str(place)!r}. Check the path.")
    entries = clear_cache(place) if clear else cache_entries(place)
    size = _size(sum(entry.n_bytes for entry in entries))
    what = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}, {size}"
    if clear:
        show(f"{place}: {what} removed" if entries else f"{place}: nothing was kept")
        return
    show("\n".join([f"{place}: {what}" if entries else f"{place}: empty", *_listed(entries)]))


def _listed(entries: Sequence[CacheEntry]) -> Iterator[str]:
    import time

    now = time.time()
    for entry in entries:
        age = _age(now - entry.used_at)
        name = visible(str(entry.about.get("model", "unknown")))
        yield f"  {_size(entry.n_bytes):>8}  used {age:<14}  {name}  ({entry.path.name[:8]})"


def _age(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return "just now"


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
