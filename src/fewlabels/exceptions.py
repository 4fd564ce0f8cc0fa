"""Errors and warnings of fewlabels.

::

    FewLabelsError (Exception)
    ├── InvalidInputError (ValueError)        a value, shape or setting that can't be used
    │   └── InvalidTypeError (TypeError)      a thing of the wrong kind
    ├── NotEnoughMemoryError (MemoryError)    refused before the memory is asked for
    ├── GraphFileError (ValueError)           a graph file that can't be read
    ├── SessionFileError (ValueError)         a saved session that can't be read
    ├── DataFileError (ValueError)            a table or array file that can't be read or written
    ├── ClusterError (RuntimeError)           workers that can't be used, or were lost too often
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
    """Base of every error that fewlabels raises on purpose.

    Examples
    --------
    >>> from fewlabels import FewLabelsError, LabelSpreading
    >>> try:
    ...     LabelSpreading().fit([[0.0], [1.0]], [-1, -1])
    ... except FewLabelsError as error:
    ...     print(type(error).__name__)
    InvalidInputError
    """


class InvalidInputError(FewLabelsError, ValueError):
    """A value, a shape or a setting can't be used; the message says what is allowed.

    Attributes
    ----------
    parameter : str or None
        The setting that can't be used, with whose name the message begins; None where it is
        another thing, or several are at odds.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> from fewlabels.exceptions import InvalidInputError
    >>> try:
    ...     LabelSpreading(alpha=2).fit([[0.0], [1.0]], [0, -1])
    ... except InvalidInputError as error:
    ...     print(error.parameter)
    alpha
    """

    parameter: str | None = None

    def __init__(self, *args: object, parameter: str | None = None) -> None:
        super().__init__(*args)
        if parameter is not None:
            self.parameter = parameter


class InvalidTypeError(InvalidInputError, TypeError):
    """An argument has the wrong type; the message says which types are allowed.

    A ValueError too, as scikit-learn's errors for parameters of the wrong type are.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> from fewlabels.exceptions import InvalidTypeError
    >>> try:
    ...     LabelSpreading(alpha="a half").fit([[0.0], [1.0]], [0, -1])
    ... except InvalidTypeError as error:
    ...     print(error.parameter)
    alpha
    """


class NotEnoughMemoryError(FewLabelsError, MemoryError):
    """More memory is needed than is free; nothing was allocated.

    Examples
    --------
    >>> from fewlabels.exceptions import NotEnoughMemoryError
    >>> issubclass(NotEnoughMemoryError, MemoryError)
    True
    """


class GraphFileError(FewLabelsError, ValueError):
    """A file does not contain a graph that this version can read.

    Examples
    --------
    >>> from fewlabels import open_graph
    >>> from fewlabels.exceptions import GraphFileError
    >>> try:
    ...     open_graph("no-such-graph")
    ... except (GraphFileError, FileNotFoundError) as error:
    ...     print("no graph")
    no graph
    """


class SessionFileError(FewLabelsError, ValueError):
    """A file does not contain a session that this version can read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import Session
    >>> from fewlabels.exceptions import SessionFileError
    >>> path = Path(tempfile.mkdtemp()) / "session.json"
    >>> _ = path.write_text("[]")
    >>> try:
    ...     Session.load(path, [[0.0], [1.0]])
    ... except SessionFileError:
    ...     print("no session")
    no session
    """


class DataFileError(FewLabelsError, ValueError):
    """A table or array file can't be read or written.

    Examples
    --------
    >>> from fewlabels.exceptions import DataFileError
    >>> from fewlabels.io import read_table
    >>> try:
    ...     read_table("no-such-table.csv")
    ... except DataFileError:
    ...     print("no table")
    no table
    """


class ClusterError(FewLabelsError, RuntimeError):
    """Workers of a cluster can't be used as they are, or were lost more often than was allowed.

    Examples
    --------
    >>> from fewlabels.exceptions import ClusterError, FewLabelsError
    >>> issubclass(ClusterError, FewLabelsError)
    True
    """


class LabellingError(FewLabelsError, ValueError):
    """A label file can't be used, or something could not be stored in it.

    Examples
    --------
    >>> from fewlabels.exceptions import FewLabelsError, LabellingError
    >>> issubclass(LabellingError, FewLabelsError)
    True
    """


class MissingDependencyError(FewLabelsError, ImportError):
    """An optional package is missing; the message names the extra that installs it.

    Examples
    --------
    >>> from fewlabels.exceptions import MissingDependencyError
    >>> issubclass(MissingDependencyError, ImportError)
    True
    """


class AsymmetryWarning(UserWarning):
    """Affinities differ between the two directions of an edge, and were replaced by their mean.

    Examples
    --------
    >>> import warnings
    >>> from fewlabels import AsymmetryWarning, Graph
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     graph = Graph.from_affinity([[0.0, 1.0], [0.5, 0.0]])
    >>> said[0].category is AsymmetryWarning
    True
    >>> graph = Graph.from_affinity([[0.0, 1.0], [0.5, 0.0]], symmetrize="union")
    """


class FeatureWarning(UserWarning):
    """Features may be poor, or the data misinterpreted; the message says what to do.

    Examples
    --------
    >>> import warnings
    >>> from fewlabels import FeatureWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", FeatureWarning)  # you know that the features are poor
    """


class FewCandidatesWarning(UserWarning):
    """Fewer points are left to ask about than were asked for.

    Examples
    --------
    >>> import warnings
    >>> from fewlabels import Graph
    >>> from fewlabels.exceptions import FewCandidatesWarning
    >>> from fewlabels.queries import make_rule
    >>> pair = Graph.from_affinity([[0, 1], [1, 0]])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", FewCandidatesWarning)
    ...     asked = make_rule("random").query(pair, 5)
    >>> sorted(asked.tolist())
    [0, 1]
    """


class LabelWarning(UserWarning):
    """Labels may not mean what they seem to mean, or contradict one another.

    Rows of tables and texts, and pictures, that have the same features and different labels.
    Near-equal classes, words such as "NA" among them, one class only, hardly a label twice, -1
    beside another marker of unlabelled points, or the largest unsigned number, which is what -1
    becomes in such an array.

    Examples
    --------
    >>> import warnings
    >>> from fewlabels import LabelSpreading, LabelWarning
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     model = LabelSpreading("self-tuning", n_neighbors=1).fit(
    ...         [[0.0], [1.0], [9.0], [8.0]], ["yes", None, "yes ", None]
    ...     )
    >>> said[0].category is LabelWarning
    True
    """


class ScaleWarning(UserWarning):
    """A few columns of the features dominate all distances, because of their scale.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from fewlabels import ScaleWarning, knn_graph
    >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [1, 1, 1000]
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     graph = knn_graph(X, n_neighbors=5)
    >>> said[0].category is ScaleWarning
    True
    """


class UnreachedWarning(UserWarning):
    """Some points are in components of the graph that contain no label.

    Examples
    --------
    >>> import warnings
    >>> from fewlabels import LabelSpreading, UnreachedWarning
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     model = LabelSpreading("self-tuning", n_neighbors=1).fit(
    ...         [[0.0], [1.0], [8.0], [9.0]], [0, -1, -1, -1]
    ...     )
    >>> UnreachedWarning in {warning.category for warning in said}
    True
    >>> model.reached_
    array([ True,  True, False, False])
    """
