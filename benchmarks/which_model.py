"""How right each classifier is on the digits: the table of docs/guide.md, "Which model, when".

Usage: python -m benchmarks.which_model [DRAWS]

With one and with five labels a class, over the same draws of labels (20 unless told), the share of
the other points that is read right; once without and once with the classes brought to equal
shares, which is true of the digits. All fixed models share one graph, `knn_graph(X, 10)`;
FewLabelsClassifier builds its own. About two minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import fewlabels as ours
from benchmarks.data import draw_labels

_FIRST_SEED = 7000
_PRIORS = (None, "uniform")

MODELS: dict[str, Callable[[Any], Any]] = {
    "FewLabelsClassifier": lambda prior: ours.FewLabelsClassifier(class_prior=prior),
    "LabelSpreading(alpha=0.99)": lambda prior: ours.LabelSpreading(
        alpha=0.99, max_iter=1000, class_prior=prior
    ),
    "LabelPropagation": lambda prior: ours.LabelPropagation(class_prior=prior),
    "PoissonClassifier": lambda prior: ours.PoissonClassifier(class_prior=prior),
    "PoissonMBOClassifier": lambda prior: ours.PoissonMBOClassifier(class_prior=prior),
    "ReweightedLaplaceClassifier": lambda prior: ours.ReweightedLaplaceClassifier(
        class_prior=prior
    ),
    "PLaplacianClassifier": lambda prior: ours.PLaplacianClassifier(class_prior=prior),
    "CorrectAndSmooth(LogisticRegression())": lambda prior: ours.CorrectAndSmooth(
        LogisticRegression(max_iter=1000), class_prior=prior
    ),
}


def accuracies(n_draws: int) -> dict[str, list[float]]:
    """Return for each model four means: one and five labels a class, without and with a prior."""
    X, truth = load_digits(return_X_y=True)
    graph = ours.knn_graph(X, 10)
    found: dict[str, list[float]] = {name: [] for name in MODELS}
    for per_class in (1, 5):
        draws = [draw_labels(truth, per_class, _FIRST_SEED + k) for k in range(n_draws)]
        for prior in _PRIORS:
            for name, make in MODELS.items():
                right = []
                for y in draws:
                    model = make(prior)
                    if name.startswith("FewLabels"):
                        model.fit(X, y)
                    elif name.startswith("Correct"):
                        model.fit(X, y, graph=graph)
                    else:
                        model.fit(graph, y)
                    hidden = y < 0
                    right.append(np.mean(model.transduction_[hidden] == truth[hidden]))
                found[name].append(float(np.mean(right)))
    return found


def main() -> None:
    """Print the table as Markdown."""
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print("| model | 1 label | 1, equal shares | 5 labels | 5, equal shares |")
    print("| --- | --- | --- | --- | --- |")
    for name, means in accuracies(n_draws).items():
        print(f"| `{name}` | " + " | ".join(f"{100 * mean:.1f} %" for mean in means) + " |")


if __name__ == "__main__":
    main()
