"""Which of scikit-learn's own checks an estimator on a graph can't pass, and why."""

from __future__ import annotations

from sklearn.base import is_classifier

_MINUS_ONE = (
    "It takes -1 for a class, which marks unlabelled points here; scikit-learn exempts its own "
    "semi-supervised estimators from that by name."
)
_WEIGHT_IS_TRUST = (
    "It takes a weight of 2 for a row that comes twice, and one of 0 for a row that is not there. "
    "In a graph a row is a point, with neighbours of its own, whatever its label is worth; the "
    "weight is how much the label is trusted."
)
_EXEMPT = ("LabelPropagation", "LabelSpreading")


def expected_failed_checks(estimator: object) -> dict[str, str]:
    """Return check name -> reason, as scikit-learn's `parametrize_with_checks` takes it."""
    reasons = {
        f"check_sample_weight_equivalence_on_{kind}_data": _WEIGHT_IS_TRUST
        for kind in ("dense", "sparse")
    }
    if is_classifier(estimator) and type(estimator).__name__ not in _EXEMPT:
        reasons["check_classifiers_classes"] = _MINUS_ONE
    return reasons
