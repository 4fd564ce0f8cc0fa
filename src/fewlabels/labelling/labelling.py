"""One label file that is open: questions out, answers in, and what is known meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Self

Json = dict[str, Any]


class Labelling:
    """One label file that is open.

    Threads may share it. No method waits for a solve.
    """

    @classmethod
    def open(
        cls,
        data_path: str | os.PathLike[str],
        *,
        file: str | os.PathLike[str] | None = None,
        classes: Sequence[str] | None = None,
        label: str | None = None,
        text: str | None = None,
        columns: Mapping[str, str] | None = None,
        embeddings: Any = None,
        overlap: float = 0.0,
        accuracy: float | None = None,
        cache: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Create the label file of `data_path`, or go on with the one that is there."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop the thread, and close the file. What was acknowledged is stored already."""
        raise NotImplementedError

    def announce(self, address: str) -> None:
        """Note where the page is served: a second process on the same file is told."""
        raise NotImplementedError

    # What is asked, and what is answered

    def state(self, who: str) -> Json:
        """Return what the page's frame shows."""
        raise NotImplementedError

    def questions(self, who: str, n: int = 3) -> list[Json]:
        """Return the next questions of a person; the first two won't change any more."""
        raise NotImplementedError

    def answer(
        self,
        who: str,
        key: str,
        point: int,
        class_id: int,
        seconds: float | None = None,
    ) -> Json:
        """Store an answer, or a new word on a point that this person answered before."""
        raise NotImplementedError

    def confirm(self, who: str, key: str, points: Sequence[int], class_id: int) -> Json:
        """Store one class for many points, seen together."""
        raise NotImplementedError

    def skip(self, who: str, key: str, point: int, seconds: float | None = None) -> Json:
        """Store that nobody can say."""
        raise NotImplementedError

    def later(self, who: str, key: str, point: int) -> Json:
        """Put a question behind those that are ready."""
        raise NotImplementedError

    def relabel(self, who: str, key: str, point: int, class_id: int | None) -> Json:
        """Store the word that decides, whoever answered before; None takes all answers back."""
        raise NotImplementedError

    def undo(self, who: str, key: str) -> Json:
        """Take back the last thing this person did that stands."""
        raise NotImplementedError

    def redo(self, who: str, key: str) -> Json:
        """Do again what this person took back last."""
        raise NotImplementedError

    def add_class(self, who: str, key: str, name: str) -> Json:
        """Add a class; one that is there already is returned."""
        raise NotImplementedError

    def rename_class(self, who: str, key: str, class_id: int, name: str) -> Json:
        """Rename a class."""
        raise NotImplementedError

    def set_key(self, who: str, key: str, class_id: int, press: str | None) -> Json:
        """Set the key that answers with a class."""
        raise NotImplementedError

    def set_settings(self, who: str, key: str, settings: Mapping[str, Any]) -> Json:
        """Change settings."""
        raise NotImplementedError

    # What is known

    def item(self, who: str, point: int) -> Json:
        """Return what a point looks like, and what is known of it."""
        raise NotImplementedError

    def picture(self, point: int, size: int = 512) -> tuple[bytes, str]:
        """Return a picture, encoded anew, and its media type."""
        raise NotImplementedError

    def why(self, point: int) -> Json:
        """Return the labelled points that an answer comes from."""
        raise NotImplementedError

    def neighbourhood(self, who: str, near: int | None = None, n: int = 24) -> Json | None:
        """Return near points that the model takes for one class."""
        raise NotImplementedError

    def suspects(self, n: int = 50) -> list[Json]:
        """Return the labels that the others contradict, the most suspect first."""
        raise NotImplementedError

    def doubtful(self, n: int = 50) -> list[Json]:
        """Return the unlabelled points of which the model is least sure."""
        raise NotImplementedError

    def answers(
        self,
        query: str = "",
        class_id: int | None = None,
        who: str | None = None,
        offset: int = 0,
        n: int = 50,
    ) -> Json:
        """Return past answers, the latest first."""
        raise NotImplementedError

    def search(self, text: str, n: int = 50) -> Json:
        """Return points whose text or columns hold the words."""
        raise NotImplementedError

    def similar(self, point: int, n: int = 24) -> list[Json]:
        """Return the points nearest to one."""
        raise NotImplementedError

    def progress(self) -> Json:
        """Return how far the labelling is, and what is proven."""
        raise NotImplementedError

    def map(self) -> Json | None:
        """Return the map, or None until it is laid out."""
        raise NotImplementedError

    def people(self) -> Json:
        """Return who answered how much, and how far they agree."""
        raise NotImplementedError

    def disagreements(self, n: int = 50) -> list[Json]:
        """Return the points that people answered differently."""
        raise NotImplementedError

    def export(self, target: str | os.PathLike[str] | IO[bytes], file_format: str) -> None:
        """Write the labels and predictions."""
        raise NotImplementedError

    # What changes

    @property
    def version(self) -> int:
        """A number that grows whenever anything that is shown has changed."""
        raise NotImplementedError

    def wait(self, version: int, timeout: float | None = None) -> int:
        """Wait until :attr:`version` is another than `version`; return it."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(version)` after each change, from any thread; return what ends that."""
        raise NotImplementedError
