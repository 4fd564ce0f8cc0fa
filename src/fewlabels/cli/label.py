"""``fewlabels label``: the labelling page, in the browser."""

from __future__ import annotations

import getpass
import os
import platform
import sys
import webbrowser
from pathlib import Path

import click

from fewlabels._typing import Package
from fewlabels.cli._stdout import show

# Seconds after which a thread that computes lets a request go on; 5 ms is usual, and a request that
# waits for it some five times would be late.
LET_GO = 0.001

_HELP = """\
Label pictures, texts or rows in the browser, and be told when to stop.

DATA is a folder of pictures, a table (any format that spread reads), or an array (.npy). The
first question is on the screen at once: a row drawn at random. Meanwhile the rows are joined to
a graph, and from then on the page asks what matters most, suggests answers, and draws random
checks, which prove how many of the labels are right.

Each answer is on the disk before the next question is shown, in one file beside the data:
photos.fewlabels for photos/. The same command goes on where you stopped. Ctrl-C ends it.

\b
Examples:
  fewlabels label photos/
  fewlabels label tickets.csv --text message --classes bug,question,praise
  fewlabels label rows.parquet --classes yes,no --accuracy 0.95
  fewlabels label photos/ --label folder
  fewlabels label photos/ --no-browser --port 8123

fewlabels export photos.fewlabels -o labels.csv writes the labels, at any time.

The page is for this machine alone: it listens on 127.0.0.1, and its address holds a secret.
Several people label together over --host, which needs a certificate, or behind a reverse proxy
that speaks https, whose address --origin names. Each gives their own name in the page.

The address is printed to standard output, on a line of its own; all else goes to standard error.
Exit codes: 0 ended by Ctrl-C, 2 bad input.
"""


@click.command(name="label", help=_HELP, short_help="Label pictures, texts or rows in the browser.")
@click.argument("data", metavar="DATA", type=click.Path(path_type=Path))
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The label file.  [default: beside DATA, with the ending .fewlabels]",
)
@click.option(
    "--classes",
    metavar="A,B,...",
    help="Classes to begin with; more can be added in the page.",
)
@click.option(
    "--label",
    metavar="COLUMN",
    help="Begin with the labels in this column of DATA; of pictures, folder: the names of the "
    "folders that they lie in.",
)
@click.option(
    "--text",
    metavar="COLUMN",
    help="The column of texts to be labelled.  [default: found out]",
)
@click.option(
    "--column",
    "columns",
    metavar="COLUMN=KIND",
    multiple=True,
    help="What a column of a table is: number, category, text, date, image, drop and others.  "
    "[default: found out]",
)
@click.option(
    "--embeddings",
    metavar="MODEL",
    help="What makes points of texts or pictures: a model's file or name, or an array (.npy).",
)
@click.option(
    "--accuracy",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="A",
    help="The share of labels that is to be proven right.  [default: 0.9, or as in FILE]",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 1),
    metavar="S",
    help="The share of questions that two people answer.  [default: 0, or as in FILE]",
)
@click.option("--who", metavar="NAME", help="Who labels.  [default: the name of this account]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port to listen on; 0: any free one.  [default: the same for the same FILE]",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="NAME",
    help="The address to listen on. Others than this machine's own need a certificate.",
)
@click.option(
    "--certificate",
    metavar="PEM",
    type=click.Path(path_type=Path),
    help="The server's certificate, for https.",
)
@click.option(
    "--private-key",
    metavar="PEM",
    type=click.Path(path_type=Path),
    help="Its private key, where it is in a file of its own.",
)
@click.option(
    "--origin",
    "origins",
    metavar="URL",
    multiple=True,
    help="Where people open the page, if not at this address: that of a reverse proxy.",
)
def label(
    data: Path,
    classes: str | None,
    columns: tuple[str, ...],
    who: str | None,
    port: int | None,
    no_browser: bool,
    host: str,
    certificate: Path | None,
    private_key: Path | None,
    origins: tuple[str, ...],
    **settings: Package,
) -> None:
    """Open file and port, serve, close."""
    # here, so that --help answers at once
    from fewlabels.labelling import Labelling
    from fewlabels.labelling._opening import label_file_of
    from fewlabels.web import open_listener, serve

    listener = open_listener(
        host,
        port,
        preferred=settings["file"] or label_file_of(data),
        certificate=certificate,
        private_key=private_key,
        origins=origins,
    )
    try:
        labelling = Labelling.open(
            data,
            classes=None if classes is None else _names(classes),
            columns=_kinds(columns),
            **settings,
        )
    except BaseException:
        listener.close()
        raise
    try:
        labelling.announce(listener.address)
        sys.setswitchinterval(LET_GO)

        def ready() -> None:
            show(listener.address)
            sys.stdout.flush()
            _open(listener.address, listener.port, browser=not no_browser)

        serve(listener, labelling, who=who or _account(), on_ready=ready)
    finally:
        labelling.close()
    click.echo(f"The labels are in {labelling.path}. The same command goes on.", err=True)


def _open(address: str, port: int, *, browser: bool) -> None:
    """Open the browser, or say how to get there from another machine."""
    over_ssh = "SSH_CONNECTION" in os.environ
    if over_ssh:
        there = os.environ["SSH_CONNECTION"].split()[2:3] or [platform.node()]
        click.echo(
            "Over SSH: run this on your own machine, and open the address above there.\n"
            f"  ssh -N -L {port}:127.0.0.1:{port} {_account()}@{there[0]}",
            err=True,
        )
    elif browser and _has_screen() and webbrowser.open(address):
        click.echo("Opened in the browser. Ctrl-C here ends it; nothing is lost.", err=True)
        return
    click.echo("Open the address above in a browser. Ctrl-C here ends it.", err=True)


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "me"


def _names(listed: str) -> list[str]:
    found = [name.strip() for name in listed.split(",")]
    if not all(found):
        raise click.UsageError(f"--classes {listed!r} contains an empty name.")
    return found


def _kinds(columns: tuple[str, ...]) -> dict[str, str] | None:
    found = {}
    for each in columns:
        name, mark, kind = each.rpartition("=")
        if not (mark and name and kind):
            raise click.UsageError(f"--column must be COLUMN=KIND, got {each!r}.")
        found[name] = kind
    return found or None
