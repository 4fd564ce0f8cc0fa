"""Goals for texts, pictures and tables, as they come."""

from __future__ import annotations

from benchmarks.cases.pictures import AT_RANDOM, CHOSEN, DIGITS, FILES_TIME, MNIST
from benchmarks.cases.texts import GRAPH_TIME
from benchmarks.goals import Goal, own

_OF_LABELS = ("1 label a class", "5 labels a class", "20 labels a class")


def _accuracies(
    text: str, case: str, work: str, limits: tuple[tuple[float, float | None], ...]
) -> tuple[Goal, ...]:
    """Return a goal for each number of labels: to reach, and better still."""
    return tuple(
        Goal(f"{text if i == 0 else 'the same'}, {labels}", case, f"accuracy, {labels}",
             own("value"), limit, stretch, True, "share", work=work)
        for i, (labels, (limit, stretch)) in enumerate(zip(_OF_LABELS, limits, strict=False))
    )  # fmt: skip


FEATURE_GOALS = (
    *_accuracies("Debian's descriptions, 20 classes", "texts_of_debian", "Debian's descriptions",
                 ((0.49, 0.52), (0.67, 0.70), (0.75, 0.77))),
    *_accuracies("Debian's synopses, of 6 words", "texts_of_debian", "Debian's synopses",
                 ((0.27, None), (0.42, None), (0.54, None))),
    Goal(f"330 digits, {AT_RANDOM}", "pictures", f"accuracy, {AT_RANDOM}", own("value"),
         0.955, 0.97, True, "share", work=DIGITS),
    Goal(f"the same, {CHOSEN}", "pictures", f"accuracy, {CHOSEN}", own("value"),
         0.975, 0.985, True, "share", work=DIGITS),
    *_accuracies("MNIST, 5,000 pictures", "pictures", MNIST, ((0.93, 0.96), (0.965, 0.98))),
    *_accuracies("Debian's packages, a table with texts", "mixed_tables", "Debian's packages",
                 ((0.56, 0.60), (0.70, 0.73))),
    Goal("60,000 texts to a graph", "text_time", GRAPH_TIME, own("value"), 20, 10, False, "s"),
    Goal("10,000 files of 256 x 256 to points", "picture_time", FILES_TIME, own("value"),
         60, 20, False, "s"),
)  # fmt: skip
