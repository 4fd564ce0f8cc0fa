"""Errors and warnings of fewlabels.

::

    FewLabelsError (Exception)
    ├── InvalidInputError (ValueError)        a value, shape or setting that can't be used
    │   └── InvalidTypeError (TypeError)      a thing of the wrong kind
    ├── NotEnoughMemoryError (MemoryError)    refused before the memory is asked for
    ├── GraphFileError (ValueError)           a graph file that can't be read
    ├── SessionFileError (ValueError)         a saved session that can't be read
    ├── DataFileError (ValueError)            a table or array file that can't be read or written
    ├── LabellingError (ValueError)           a label file that can't be used, or a label not stored
    └── MissingDependencyError (ImportError)  an optional package that isn't installed

    UserWarning
    ├── AsymmetryWarning                      affinities that had to be made symmetric
    ├── FeatureWarning                        features that may be poor, or meant otherwise
    ├── FewCandidatesWarning                  fewer points left to ask about than wanted
    ├── LabelWarning                          labels that may not mean what they say
    ├── ScaleWarning                          few columns decide all distances
    └── UnreachedWarning                      points that no label can reach

An iteration that stops before its tolerance is reported as scikit-learn does, by
:class:`sklearn.exceptions.ConvergenceWarning`.
"""


class FewLabelsError(Exception):
    """Base of every error that fewlabels raises on purpose."""


class InvalidInputError(FewLabelsError, ValueError):
    """A value, a shape or a setting can't be used; the message says what is allowed.

    Attributes
    ----------
    parameter : str or None
        The setting that can't be used, with whose name the message begins; None where it is
        another thing, or several are at odds.
    """

    parameter: str | None = None

    def __init__(self, *args: object, parameter: str | None = None) -> None:
        super().__init__(*args)
        if parameter is not None:
            self.parameter = parameter


class InvalidTypeError(InvalidInputError, TypeError):
    """A thing of the wrong kind was passed; the message says which kinds are allowed.

    A ValueError too, as scikit-learn's errors for parameters of the wrong type are.
    """


class NotEnoughMemoryError(FewLabelsError, MemoryError):
    """More memory was asked for than is free; nothing was allocated."""


class GraphFileError(FewLabelsError, ValueError):
    """A file does not hold a graph that this version can read."""


class SessionFileError(FewLabelsError, ValueError):
    """A file does not hold a session that this version can read."""


class DataFileError(FewLabelsError, ValueError):
    """A table or array file can't be read or written."""


class LabellingError(FewLabelsError, ValueError):
    """A label file can't be used, or what was to be stored in it was not."""


class MissingDependencyError(FewLabelsError, ImportError):
    """An optional package is missing; the message names the extra that installs it."""


class AsymmetryWarning(UserWarning):
    """Affinities differ in the two directions of an edge, and were joined by their mean."""


class FeatureWarning(UserWarning):
    """Features may be poor, or the data meant otherwise; the message says what mends it."""


class FewCandidatesWarning(UserWarning):
    """Fewer points are left to ask about than were asked for."""


class LabelWarning(UserWarning):
    """Labels may not mean what they say.

    Near-equal classes, words such as "NA" among them, one class only, hardly a label twice, -1
    beside another marker of unlabelled points, or the largest unsigned number, which is what -1
    becomes in such an array.
    """


class ScaleWarning(UserWarning):
    """A few columns of the features decide all distances: the others have a smaller scale."""


class UnreachedWarning(UserWarning):
    """Some points lie in components of the graph that hold no label."""
