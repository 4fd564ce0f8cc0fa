"""Which of scikit-learn's own checks an estimator on a graph can't pass, and why."""

from __future__ import annotations

from sklearn.base import is_classifier

_MINUS_ONE = (
    "It takes -1 for a class, which marks unlabelled points here; scikit-learn exempts its own "
    "semi-supervised estimators from that by name."
)
_EXEMPT = ("LabelPropagation", "LabelSpreading")


def expected_failed_checks(estimator: object) -> dict[str, str]:
    """Return check name -> reason, as scikit-learn's `parametrize_with_checks` takes it."""
    if is_classifier(estimator) and type(estimator).__name__ not in _EXEMPT:
        return {"check_classifiers_classes": _MINUS_ONE}
    return {}
