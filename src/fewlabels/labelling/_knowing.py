"""What is asked of a label file that is open, and changes nothing."""

from __future__ import annotations

from fewlabels._typing import Json
from fewlabels.labelling._desk import checked_point
from fewlabels.labelling._items import Items
from fewlabels.labelling._known import Known


class Knowing:
    """The part of :class:`fewlabels.labelling.Labelling` that tells what is known.

    No method waits for a model.
    """

    _items: Items
    _known: Known

    def item(self, who: str, point: int) -> Json:
        """Return what a point looks like, and what is known of it.

        Nothing is said of what the models take a random check for that waits for its answer.
        """
        return self._known.item(checked_point(point, self._items.n_points))

    def picture(self, point: int, size: int = 512) -> tuple[bytes, str]:
        """Return a picture, encoded anew, and its media type.

        Parameters
        ----------
        point : int
        size : int, default=512
            Of its longer side at most, from 32 to 4096.
        """
        return self._known.picture(checked_point(point, self._items.n_points), size)

    def why(self, point: int) -> Json:
        """Return the labelled points that an answer comes from, and their share in it.

        Returns
        -------
        dict
            ``ready``, False while that is found out; ``class_id``; ``labels``.
        """
        return self._known.why(checked_point(point, self._items.n_points))

    def neighbourhood(self, who: str, near: int | None = None, n: int = 24) -> Json | None:
        """Return near points that the model takes for one class, to be confirmed together.

        Parameters
        ----------
        who : str
        near : int, default=None
            Around this point; None: where the most are, and the surest.
        n : int, default=24
            From 2 to 400.
        """
        if near is not None:
            checked_point(near, self._items.n_points)
        return self._known.neighbourhood(who, near, n)

    def suspects(self, n: int = 50) -> list[Json]:
        """Return the labels that the others contradict, the most suspect first."""
        return self._known.suspects(n)

    def doubtful(self, n: int = 50) -> list[Json]:
        """Return the points without a label of which the model is least sure."""
        return self._known.doubtful(n)

    def answers(
        self,
        query: str = "",
        class_id: int | None = None,
        who: str | None = None,
        offset: int = 0,
        n: int = 50,
    ) -> Json:
        """Return past answers that stand, the latest first.

        Parameters
        ----------
        query : str, default=""
            A part of the title.
        class_id : int, default=None
        who : str, default=None
        offset, n : int
        """
        return self._known.answers(query, class_id, who, offset, n)

    def search(self, text: str, n: int = 50) -> Json:
        """Return points whose text, columns or name hold all words; the best match first."""
        return self._known.search(text, n)

    def similar(self, point: int, n: int = 24) -> list[Json]:
        """Return the points nearest to one; none before there is a graph."""
        return self._known.similar(checked_point(point, self._items.n_points), n)

    def progress(self) -> Json:
        """Return how far the labelling is, what is proven, and what is still to do."""
        return self._known.progress()

    def map(self) -> Json | None:
        """Return the map: positions, labels, predictions and doubt; None until it is laid out."""
        return self._known.map()

    def people(self) -> Json:
        """Return who answered how much, and how far they agree."""
        return self._known.people()

    def disagreements(self, n: int = 50) -> list[Json]:
        """Return the points that people answer differently and nobody decided."""
        return self._known.disagreements(n)
