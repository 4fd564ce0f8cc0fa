"""What a model knows of its own answers: leave-one-out, calibration, sets, reasons, suspects."""

from fewlabels.insight.attribution import Explanation, Influence, explain_scores
from fewlabels.insight.calibration import (
    Calibration,
    expected_calibration_error,
    fit_calibration,
    log_loss_of,
    spread_of,
)
from fewlabels.insight.conformal import (
    class_thresholds,
    conformal_threshold,
    prediction_sets,
    unseen_class_share,
)
from fewlabels.insight.doubt import (
    DISAGREE,
    LITTLE,
    SURE,
    UNLIKE,
    UNPROVEN,
    UNREACHED,
    doubt_reasons,
)
from fewlabels.insight.leave_one_out import (
    LeftOutDistributions,
    has_companion,
    left_out_distributions,
    made_up_for,
)
from fewlabels.insight.numbers import NumberExplanation, NumberInfluence, explain_number
from fewlabels.insight.record import sure_from
from fewlabels.insight.shares import class_shares
from fewlabels.insight.suspects import Suspect, SuspectLabels, rank_suspects

__all__ = [
    "DISAGREE",
    "LITTLE",
    "SURE",
    "UNLIKE",
    "UNPROVEN",
    "UNREACHED",
    "Calibration",
    "Explanation",
    "Influence",
    "LeftOutDistributions",
    "NumberExplanation",
    "NumberInfluence",
    "Suspect",
    "SuspectLabels",
    "class_shares",
    "class_thresholds",
    "conformal_threshold",
    "doubt_reasons",
    "expected_calibration_error",
    "explain_number",
    "explain_scores",
    "fit_calibration",
    "has_companion",
    "left_out_distributions",
    "log_loss_of",
    "made_up_for",
    "prediction_sets",
    "rank_suspects",
    "spread_of",
    "sure_from",
    "unseen_class_share",
]
