"""Texts as points: near one another where texts use the same words, or spell alike."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._typing import Matrix, State
from fewlabels._validation import check_choice
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.features._point_maker import PointMaker
from fewlabels.features._states import part
from fewlabels.features._states import texts as lines_of
from fewlabels.features._terms import Counts
from fewlabels.features._text_choice import RECIPES, Chosen, chosen_view
from fewlabels.features._text_items import LONGEST, TextItems, read_items
from fewlabels.features._text_views import TextView
from fewlabels.features._weighing import label_codes
from fewlabels.features._word_distance import WordDistance
from fewlabels.features.new_points import NewPoints, warn_of

# In few directions the nearest texts are often near by chance, and near copies nearest of all: so
# many count alike. Fewer texts than that have too few on one subject.
_ALIKE, _FEWEST_FOR_ALIKE = 15, 300


class Texts(PointMaker):
    """Turn texts into points, by the words that they share and by their spelling.

    A text is a row of TF-IDF, (1 + log tf) (log((1 + n) / (1 + df)) + 1), of length 1, for

    - its words: of at least 2 texts and at most half of them, the 50,000 most frequent;
    - the runs of 2 to 4 characters within its words, their ends included. So ``retry`` and
      ``retries`` have something in common, and so has a word that was never seen.

    ==========  ===================================================================================
    topics      Words and runs, reduced to their 50 strongest directions (truncated SVD), and rows
                of length 1 again. Texts on one subject come to lie near one another even without
                a word in common.
    words       Words and runs as they are, sparse: for texts of few words.
    spelling    Runs alone, sparse: for languages, codes and names.
    ==========  ===================================================================================

    No stop words, model or language are needed; text without spaces between words, such as Chinese,
    is compared by its runs.

    Parameters
    ----------
    recipe : {"auto", "topics", "words", "spelling"}, default="auto"
        ``"auto"``: spelling if few words occur in more than one text. Otherwise topics if `y` has
        fewer labels per class than a quarter of the words of a text, and words if not. Labels left
        out may change words to spelling, and spelling to the others.
    random_state : int, default=0
        Seed of the randomized SVD. The result does not depend on the number of threads.

    Attributes
    ----------
    recipe_ : {"topics", "words", "spelling"}
        What was taken.
    choices_ : tuple of str
        The same in words, and why.
    warnings_ : tuple of str
        Texts without any known word, or that were not read to the end.
    n_alike_ : int or None
        This number of nearest texts count equally as neighbours: 15 with 300 topics or more. None:
        nearer ones count more. :func:`fewlabels.make_points` passes it on to the graph.
    distance_ : object, or None
        Where `n_alike_` is a number: puts the texts that are near by their topics into order by
        topics and words together, for the graph. It holds the words of the fitted texts.

    Notes
    -----
    Cost: O(characters) to cut and count. Directions are found from 10,000 texts (of long ones
    fewer); then one product of the terms with 50 columns. Runs are counted in each different word
    once, and added up for the texts of which it is a part, a block at a time. Memory beside the
    result: the counts of the words. Of a text, 200,000 characters are read.

    A text without any known word or run is a row of 0, of which :meth:`transform` warns; where
    texts that were fitted are so, a last column is 1 for them instead, and for new texts that are
    empty, which keeps them from being near to everything.

    References
    ----------
    G. Salton, C. Buckley, "Term-weighting approaches in automatic text retrieval", Information
    Processing & Management 24 (1988). S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer,
    R. Harshman, "Indexing by latent semantic analysis", JASIS 41 (1990). N. Halko, P. G.
    Martinsson, J. A. Tropp, "Finding structure with randomness", SIAM Review 53 (2011). W. B.
    Cavnar, J. M. Trenkle, "N-gram-based text categorization", SDAIR 1994.

    Examples
    --------
    >>> from fewlabels import Texts
    >>> texts = Texts().fit(["cats purr", "a cat purred", "stocks fell", "the stock falls"])
    >>> near = texts.transform(["purring cats"]) @ texts.transform(["cat", "stock"]).T
    >>> bool(near[0, 0] > near[0, 1])
    True
    """

    distance_: WordDistance | None = None  # in pickles from before, too

    def __init__(self, recipe: str = "auto", *, random_state: int = 0) -> None:
        self.recipe = recipe
        self.random_state = random_state

    def fit(self, X: object, y: npt.ArrayLike | None = None) -> Self:
        """Learn the words and runs, their weights, and their directions.

        Parameters
        ----------
        X : list, array or column of str, of shape (n_texts,)
            Texts, also as UTF-8 bytes. None and NaN are texts without words.
        y : array-like of int of shape (n_texts,), default=None
            Codes of the classes, -1 where unlabelled: they help to choose the recipe.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If there is no text, if something is not a text, or if no text contains a word.
        """
        self._fit_points(X, y)
        return self

    def fit_transform(self, X: object, y: npt.ArrayLike | None = None) -> Matrix:
        """Fit, and return the points of the same texts; see :meth:`fit` and :meth:`transform`."""
        return self._fit_points(X, y)

    def transform(self, X: object) -> Matrix:
        """Return texts as points.

        Parameters
        ----------
        X : as of :meth:`fit`

        Returns
        -------
        {ndarray, csr_array, table} of shape (n_texts, n_features), float32
            Rows have length 1, or 0 if nothing in the text is known. Dense if `recipe_` is
            ``"topics"``, and then a table after ``set_output(transform="pandas")`` or
            ``"polars"``.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If there is no text, or something else among the texts.

        Warns
        -----
        FeatureWarning
            About texts without any known word or run.
        """
        found = self._of_new(X)
        warn_of(found.warnings)
        return found.values

    def _of_new(self, X: object) -> NewPoints:
        """Return texts as points, and say of which nothing is known."""
        check_is_fitted(self, "recipe_")
        texts = read_items(X).texts
        counts = Counts.of(texts)
        values, strange = self._view.of_new(counts)
        told = (
            f"{np.count_nonzero(strange):,} of {len(texts):,} texts hold no word that the points "
            "were made of, nor its spelling: nothing is known of them, and they get no answer. Fit "
            "with texts like them, or leave them out."
        )
        unread = np.flatnonzero(strange)
        compared = None
        if self.distance_ is not None:
            compared = self.distance_.to_new(np.asarray(values), self._view.word_rows(counts))
        return NewPoints(values, unread, compared, (told,) if len(unread) else ())

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns of :meth:`transform`.

        Parameters
        ----------
        input_features : ignored
            As scikit-learn's transformers take it.

        Returns
        -------
        ndarray of str of shape (n_features,), dtype object
            Such as ``"topic0"``; of words, the words; of runs, ``"run_"`` and their code.
        """
        check_is_fitted(self, "recipe_")
        return np.array(self._view.names(), dtype=object)

    def _fit_points(self, X: object, y: object = None) -> Matrix:
        check_choice("recipe", self.recipe, ("auto", *RECIPES))
        seed = self._seed()
        items = read_items(X)
        codes = label_codes(y, len(items.texts))
        # half of the time goes into counting
        counts = Counts.of(items.texts, lambda share: self._tick(share / 2))
        if not counts.words:
            raise InvalidInputError(
                "no text holds a word: nothing tells them apart. Pass texts with letters, digits "
                "or symbols in them."
            )
        chosen: Chosen = chosen_view(counts, codes, self.recipe, seed)
        self._view: TextView = chosen.view
        self.recipe_ = chosen.recipe
        self.choices_: tuple[str, ...] = chosen.choices
        self.warnings_: tuple[str, ...] = _warnings(items, chosen.n_empty)
        alike = chosen.recipe == "topics" and len(items.texts) >= _FEWEST_FOR_ALIKE
        self.n_alike_: int | None = _ALIKE if alike else None
        self.distance_ = None
        if alike:
            self.distance_ = WordDistance(np.asarray(chosen.points), chosen.view.word_rows(counts))
        self._tick(1.0)
        return chosen.points

    def _state(self) -> State:
        """Return what was learned as plain values and arrays.

        Without the distance, which holds texts, and belongs to the points that use it.
        """
        check_is_fitted(self, "recipe_")
        return {
            "recipe": self.recipe_,
            "choices": list(self.choices_),
            "warnings": list(self.warnings_),
            "view": self._view._state(),
        }

    @classmethod
    def _from_state(cls, state: object) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged."""
        texts = cls(check_saved(part(state, "recipe", str)))
        texts.recipe_ = texts.recipe
        texts.choices_ = lines_of(state, "choices")
        texts.warnings_ = lines_of(state, "warnings")
        texts._view = TextView._from_state(part(state, "view", dict))
        texts.distance_ = None
        return texts

    def _take_distance(self, state: object, n_texts: int) -> WordDistance:
        """Compare new texts by a distance that was saved; raise DataFileError if damaged."""
        shape = n_texts, self._view.n_columns
        self.distance_ = WordDistance._from_state(state, shape, self._view.n_words)
        return self.distance_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags


def check_saved(recipe: str) -> str:
    """Return the recipe of a file, if it is one."""
    if recipe not in RECIPES:
        raise DataFileError(f"the saved features are damaged: there is no recipe {recipe!r:.40}.")
    return recipe


def _warnings(items: TextItems, n_empty: int) -> tuple[str, ...]:
    found = []
    n_texts = len(items.texts)
    if n_empty:
        of_them = f", {items.n_missing:,} of them missing" if items.n_missing else ""
        found.append(
            f"{n_empty:,} of {n_texts:,} texts hold no word that counts{of_them}: they are taken "
            "for alike, and unlike all others. Leave them out, or look at them."
        )
    if items.n_cut:
        found.append(
            f"{items.n_cut:,} of {n_texts:,} texts are longer than {LONGEST:,} characters, which "
            "is what is read of them. Cut them into parts, if the rest matters."
        )
    return tuple(found)
