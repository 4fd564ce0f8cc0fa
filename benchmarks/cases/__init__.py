"""What is measured: each case is a function that runs fewlabels and its peers in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench
from benchmarks.cases import (
    accuracy,
    confidence,
    digits,
    disk,
    everyday,
    fashion,
    features,
    hindsight,
    kinds,
    labelling,
    large,
    pictures,
    queries,
    searches,
    suspects,
    tables,
    texts,
)
from benchmarks.results import Finding

Case = Callable[[Bench], Sequence[Finding]]

# In the order of the table.
CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        fashion.fashion_graph,
        fashion.fashion_fit,
        fashion.fashion_label,
        fashion.fashion_accuracy,
        searches.searches,
        large.large_graph_and_fit,
        large.growth,
        large.where_the_time_goes,
        disk.disk_graph,
        digits.published_example,
        accuracy.accuracy_digits,
        accuracy.accuracy_fashion,
        accuracy.sizes_known_digits,
        accuracy.sizes_known_fashion,
        accuracy.skewed_draws,
        hindsight.hindsight,
        hindsight.choice_time,
        confidence.calibration,
        confidence.coverage,
        suspects.suspects_digits,
        suspects.suspects_fashion,
        kinds.regret,
        kinds.numbers,
        kinds.table_time,
        features.digits_features,
        features.fashion_features,
        features.digits_shifts,
        texts.texts_of_packages,
        texts.texts_of_debian,
        texts.text_time,
        pictures.pictures,
        pictures.stamps,
        pictures.picture_time,
        tables.mixed_tables,
        queries.published_questions,
        queries.chosen_digits,
        queries.questions_fashion,
        queries.every_rule,
        queries.batches,
        queries.rounds,
        queries.peeking,
        queries.proofs,
        everyday.many_points,
        everyday.one_more_label,
        everyday.new_points,
        labelling.labelling_texts,
        labelling.labelling_more_texts,
        labelling.labelling_pictures,
        labelling.labelling_many,
        digits.path_error,
        digits.unreachable_points,
    )
}

__all__ = ["CASES", "Case"]
