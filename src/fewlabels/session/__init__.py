"""The labelling loop as plain state, and its simulation where the answer is known."""

from fewlabels.session.simulation import Fit, Round, simulate

__all__ = ["Fit", "Round", "simulate"]
