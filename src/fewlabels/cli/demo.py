"""``fewlabels demo``: reproduce two published digit examples, then beat them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fewlabels.cli._stdout import show

if TYPE_CHECKING:
    from fewlabels.report.demo import Improvement, Reproduction, Spread

EXIT_DIFFERENT = 1

_HELP = """\
Reproduce two published digit examples, then beat them.

Computes two examples of scikit-learn's early gallery (label propagation on 330 handwritten
digits, with 30 labels drawn at random and with 10 to 30 labels that the model asks for), and
compares every cell of their published tables. Then does the same job with what fewlabels
recommends today, its query rule "auto" included, from the digits as pictures and, beside it, from
raw pixels, and prints the gain. Last, all on other draws of the digits, beside questions drawn at
random: the learning curves.

Ends with exit code 0 if every cell is equal, 1 if one differs, 2 if a file can't be written.

\b
Examples:
  fewlabels demo
  fewlabels demo --out demo-output
  fewlabels demo --json demo.json --shuffles 20
"""


@click.command(
    name="demo", help=_HELP, short_help="Reproduce two published digit examples, then beat them."
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the figures (PNG and SVG), demo.txt and demo.json into this folder; "
    "it is created if missing, and files of these names in it are replaced.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write all that is printed as data to this file (docs/demo-json.md describes it).",
)
@click.option(
    "--shuffles",
    metavar="N",
    type=click.IntRange(min=0, max=1000),
    default=5,
    show_default=True,
    help="Also run all recipes on N other draws of the digits, print mean and spread, and draw "
    "the learning curves.",
)
@click.pass_context
def demo(ctx: click.Context, out: Path | None, json_file: Path | None, shuffles: int) -> None:
    """Run the demo; see its help."""
    # here, so that --help answers at once
    from fewlabels._threads import one_blas_thread
    from fewlabels.report import output, transcript
    from fewlabels.report.demo import improve, repeat, reproduce
    from fewlabels.report.document import demo_document, format_document
    from fewlabels.report.published import load_published

    if out is not None:
        output.check_can_write_folder(out)
    if json_file is not None:
        output.check_can_write_file(json_file)

    sections = []

    def print_section(section: str) -> None:
        sections.append(section)
        show(section)

    # Hundreds of small problems: starting threads for each costs more than they give, and five
    # times as much on a machine that is busy.
    with one_blas_thread(and_of_openmp=True):
        reproduction = reproduce(load_published())
        print_section(transcript.reproduction_text(reproduction))
        improvement = improve()
        print_section(transcript.improvement_text(improvement, reproduction))
        spread = repeat(shuffles) if shuffles else None
    if spread is not None:
        print_section(transcript.spread_text(spread))

    document = format_document(demo_document(reproduction, improvement, spread))
    if out is not None:
        texts = {"demo.txt": "\n".join(sections), "demo.json": document}
        for path in _write_folder(out, texts, reproduction, improvement, spread):
            show(f"wrote {path}")
    if json_file is not None:
        output.write_text_file(json_file, document)
        show(f"wrote {json_file}")
    if not reproduction.total.all_equal:
        click.echo("Error: cells differ from the published tables; see above.", err=True)
        ctx.exit(EXIT_DIFFERENT)


def _write_folder(
    folder: Path,
    texts: dict[str, str],
    reproduction: Reproduction,
    improvement: Improvement,
    spread: Spread | None,
) -> list[Path]:
    from fewlabels.report import figures, output

    random, active = reproduction.runs
    drawn = {
        "most_uncertain": figures.draw_most_uncertain(random),
        "active_learning": figures.draw_active_learning(active),
        "accuracy_by_labels": figures.draw_accuracy_by_labels(reproduction, improvement),
    }
    if spread is not None:
        drawn["learning_curves"] = figures.draw_learning_curves(spread, reproduction)
    writers: dict[str, Callable[[Path], object]] = {
        f"{name}.{ending}": partial(figures.save_figure, figure)
        for name, figure in drawn.items()
        for ending in ("png", "svg")
    }
    writers |= {name: partial(_write_text, text) for name, text in texts.items()}
    return output.write_folder(folder, writers)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
