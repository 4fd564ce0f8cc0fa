"""What ``fewlabels spread`` writes beside its table: the model, and a report to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fewlabels._typing import Function, Json
from fewlabels.exceptions import DataFileError
from fewlabels.io import check_place

if TYPE_CHECKING:
    from fewlabels import FewLabelsClassifier
    from fewlabels.io import LabelColumn, Table

_Command = TypeVar("_Command", bound=Function)

_EXTRAS = {"save_model": "--save-model", "report": "--report"}


def extra_options(command: _Command) -> _Command:
    """Give a command --save-model and --report."""
    options = (
        click.option(
            "--save-model",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write the fitted model, for 'fewlabels predict' and FewLabelsClassifier.load.",
        ),
        click.option(
            "--report",
            metavar="FILE.html",
            type=click.Path(path_type=Path),
            help="Write a page with the answers' quality, doubtful rows, suspect labels and "
            "figures: one file, which loads nothing from elsewhere.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_extras(
    ctx: click.Context, sources: Sequence[Path], output: Path | None, replace: bool
) -> None:
    """Raise if the model or the report can't be written where they are to be."""
    places: dict[Path, str] = {} if output is None else {output.absolute(): "the output"}
    for name, option in _EXTRAS.items():
        path: Path | None = ctx.params.get(name)
        if path is None:
            continue
        if ctx.params["method"] != "recommended":
            raise click.UsageError(
                f"{option} only works with the recommended model, but --method is "
                f"{ctx.params['method']}. Remove one of them.",
                ctx,
            )
        other = places.setdefault(path.absolute(), option)
        if other != option:
            raise DataFileError(
                f"{path} ({option}) is also the file of {other}. Choose another file."
            )
        if name == "report" and path.suffix.lower() not in (".html", ".htm"):
            raise DataFileError(
                f"{path} ({option}) is an HTML page: choose a name that ends in .html."
            )
        check_place(path, sources=sources, replace=replace)


def write_extras(
    ctx: click.Context,
    model: FewLabelsClassifier,
    table: Table,
    labels: LabelColumn,
    stage: Callable[[str], Callable[[float], None]],
) -> list[str]:
    """Write the model and the report where they are asked for; return lines that say so."""
    lines = []
    replace: bool = ctx.params["force"]
    path: Path | None = ctx.params["save_model"]
    if path is not None:
        from fewlabels.models import save_model

        stage("saving the model")
        about: Json = {"label": labels.name, "source": table.path, "columns": list(table.names)}
        save_model(model, path, about, classes=labels.classes, replace=replace)
        lines.append(f"{'Model':<10}{path}")
    path = ctx.params["report"]
    if path is not None:
        from fewlabels.report import write_report

        stage("writing the report")
        write_report(
            path,
            model,
            table,
            title=f"{Path(table.path).name}: {labels.name}",
            classes=labels.classes,
            hide=(labels.name,),
            replace=replace,
        )
        lines.append(f"{'Report':<10}{path}")
    return lines
