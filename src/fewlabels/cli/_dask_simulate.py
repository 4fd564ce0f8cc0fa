"""``fewlabels simulate`` on a folder of Parquet files, on the workers of a Dask cluster."""

from __future__ import annotations

import warnings

import click

from fewlabels._typing import Json
from fewlabels.cli._dask import columns_of, own_warnings
from fewlabels.cli._features import DEFAULT_NEIGHBORS
from fewlabels.cli._progress import progress_bars
from fewlabels.cli._simulation_report import made_folder, text_of, write_curves
from fewlabels.cli._stdout import show, warn


def simulate_on_dask(ctx: click.Context, start: int | str) -> None:
    """Play the loop on a folder of Parquet files."""
    options = ctx.params
    source, out, label = options["source"], options["out"], options["label"]
    asked = [name.strip() for text in options["queries"] for name in text.split(",")]
    with (
        progress_bars(quiet=options["quiet"]) as stage,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        stage("starting the workers")
        import numpy as np

        from fewlabels.dask._simulation import RECOMMENDED, RULES, simulate_graph
        from fewlabels.dask._tables import joined_table, looked_at, workers
        from fewlabels.exceptions import InvalidInputError
        from fewlabels.io import LabelColumn
        from fewlabels.report.output import check_can_write_folder
        from fewlabels.session.simulation._known_answers import known_answers, start_of

        rules = [RECOMMENDED if name == "auto" else name for name in asked]
        for name in rules:
            if name not in RULES:
                raise click.UsageError(
                    f"--query {name} can't be used with --dask or --workers. Use one of "
                    f"{', '.join(RULES)}.",
                    ctx,
                )
        looked_at(source, label, **columns_of(ctx))
        check_can_write_folder(out)
        with workers(options["address"], options["n_workers"]) as client, made_folder(out):
            table = joined_table(
                source,
                out.absolute() / "graph",
                label=label,
                client=client,
                n_neighbors=options["neighbors"] or DEFAULT_NEIGHBORS,
                stage=stage,
                **columns_of(ctx),
            )
            n_rows = table.graph.n_nodes
            if len(table.labels) < n_rows:
                raise InvalidInputError(
                    f"{n_rows - len(table.labels):,} of {n_rows:,} rows have no label in "
                    f"{label!r}. With --dask or --workers, every row needs one: remove the others "
                    "from the files."
                )
            answers = known_answers(table.labels, n_rows)
            start_of(start, answers)
            budget = options["budget"] or min(100, n_rows // 2)
            curve = simulate_graph(
                table.graph,
                answers,
                client=client,
                rules=rules,
                initial=start,
                batch_size=options["batch_size"],
                budget=min(budget, n_rows - 1),
                repeats=options["repeats"],
                seed=options["seed"],
                progress=stage("asking and answering"),
            )
        stage("drawing")
        labels = LabelColumn(label, tuple(answers.classes.tolist()), np.asarray(answers.codes))
        settings: Json = {
            "initial": start,
            "batch_size": options["batch_size"],
            "budget": int(curve.labels[-1]),
            "repeats": options["repeats"],
            "random_state": options["seed"],
            "input": str(source),
            "label": label,
            "method": "spreading",
            "neighbors": table.graph.build_info["n_neighbors"],
        }
        written = write_curves(out, curve, labels, settings)
    warn(own_warnings(caught))
    if not options["quiet"]:
        text = text_of(source, n_rows, labels, curve, start)
        paths = "\n".join(f"wrote {path}" for path in written)
        show(f"{text}\n\n{paths}", done=f"The results are in {out}.")
