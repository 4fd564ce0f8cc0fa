"""One label file that is open: questions out, answers in, and what is known meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, TypeVar

from fewlabels._typing import Estimator, Json
from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._acts import Acts
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._export import Labels, write_labels
from fewlabels.labelling._keeper import Keeper
from fewlabels.labelling._kept import keep_predictions
from fewlabels.labelling._knowing import Knowing
from fewlabels.labelling._known import Known
from fewlabels.labelling._opening import Opened, open_file
from fewlabels.labelling._progress import is_proven, reasons_of
from fewlabels.labelling._snapshot import Learned

if TYPE_CHECKING:
    from fewlabels.labelling._points import Prepared, Stage
    from fewlabels.labelling._snapshot import Predicted

T = TypeVar("T")

_MOST_QUESTIONS = 50


class Labelling(Knowing):
    r"""An open label file, to be shared by the threads of a server.

    Answers are on disk before a method returns. A background thread makes points, graph and models,
    and keeps questions ready; no method waits for it. Points are numbered from 0, in the order of
    the data. `who` is a person's name; `key` is the unique key of an action, chosen by the client:
    an action that arrives twice is stored once, and has the same answer.

    All methods raise :class:`~fewlabels.exceptions.InvalidInputError` for invalid requests, and
    :class:`~fewlabels.exceptions.LabellingError` if something could not be stored; then nothing has
    changed.

    Create it with :meth:`open`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.labelling import Labelling
    >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight,kind\n4,cat\n30,dog\n5,\n28,\n")
    >>> with Labelling.open(path, label="kind", cache=path.parent / "cache") as labelling:
    ...     labelling.answer("Ann", key="1", point=2, class_id=0)["n_labelled"]
    3
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._items = opened.items
        self._desk = Desk(opened.file, opened.items.n_points, opened.seed)

        def made(stage: Stage) -> Prepared:
            # with all that makes points and graphs, which the first question does not wait for
            from fewlabels.labelling._points import prepare

            return prepare(
                opened.items,
                opened.cache,
                stage,
                columns=opened.columns,
                embeddings=opened.embeddings,
            )

        def keep(predicted: Predicted, mark: str) -> None:
            keep_predictions(opened.cache, predicted, mark)

        self._keeper = Keeper(self._desk, made, opened.seed, keep)
        self._acts = Acts(self._desk, self._keeper.wake)
        self._known = Known(self._items, self._desk, self._keeper, opened.cache)
        self._keeper.start()

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
        embeddings: Estimator = None,
        overlap: float | None = None,
        accuracy: float | None = None,
        cache: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Create the label file of some data, or go on with the one that is there.

        Parameters
        ----------
        data_path : path-like
            A folder of pictures, a table, an array (.npy), or a label file, whose data is then
            opened.
        file : path-like, default=None
            The label file. None: beside the data, with the ending .fewlabels.
        classes : sequence of str, default=None
            Classes to begin with; more may be added.
        label : str, default=None
            The column that holds labels already; of pictures, ``"folder"``. When the file is
            created, these labels go into it.
        text : str, default=None
            The column of texts, which are then what is labelled. None: found, where there is one
            and nothing else tells anything.
        columns, embeddings : default=None
            As of :func:`fewlabels.make_points`.
        overlap : float, default=None
            The share of questions that two people answer, from 0 to 1. None: as the file says; at
            first 0.
        accuracy : float, default=None
            The accuracy wanted, in (0, 1). None: as the file says; at first 0.9.
        cache : path-like, default=None
            A folder for what can be made again. None: the system's.

        Raises
        ------
        LabellingError
            If another process has the file open, it is no label file, or it can't be written.
        InvalidInputError
            If the file is of other data: of other rows or names.
        DataFileError
            If the data can't be read.
        """
        opened = open_file(
            data_path,
            file=file,
            classes=classes,
            label=label,
            text=text,
            columns=columns,
            embeddings=embeddings,
            cache=cache,
        )
        try:
            found = cls(opened)
        except BaseException:
            opened.close()
            raise
        try:
            wanted = {"overlap": overlap, "accuracy": accuracy}
            found._acts.set_file_settings({n: v for n, v in wanted.items() if v is not None})
        except BaseException:
            found.close()
            raise
        return found

    @property
    def id(self) -> str:
        """What tells this label file from all others, also where one takes another's place."""
        return self._opened.id

    @property
    def path(self) -> Path:
        """The label file."""
        return self._opened.file.path

    def announce(self, address: str) -> None:
        """Note where the page is served: who opens the same file a second time is told."""
        self._opened.lock.announce(address)

    def close(self) -> None:
        """End the thread, and close the file. What was acknowledged is stored already."""
        self._keeper.stop()
        self._known.close()
        self._desk.change()  # so that nobody waits any more
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is asked

    def state(self, who: str) -> Json:
        """Return what the page's frame shows."""
        desk, snapshot = self._desk, self._keeper.snapshot
        stage, problem = self._keeper.stage, self._keeper.problem
        prepared = self._keeper.prepared
        advice = None
        if snapshot is not None:
            heading = snapshot.advice
            advice = {"action": heading.action, "text": reasons_of(heading)[0]}
        with desk.lock:
            ledger = desk.ledger
            person = ledger.person(who)
            n_labelled, n_skipped = len(ledger.labels), len(ledger.skipped)
            n_left = self._items.n_points - n_labelled - n_skipped
            if n_left == 0 and advice is not None and advice["action"] != "stop" and not problem:
                n_left = 1  # labels given at a glance may be checked: the model will tell
            return {
                "id": self.id,
                "file": self.path.name,
                "name": self._items.name,
                "kind": self._items.kind,
                "n_points": self._items.n_points,
                "version": desk.version,
                "stage": None if stage is None else {"name": stage[0], "share": stage[1]},
                "problem": problem or None,
                "notes": list(() if prepared is None else prepared.warnings),
                "classes": self._acts.classes(),
                "n_labelled": n_labelled,
                "n_skipped": n_skipped,
                "n_left": n_left,
                "can_undo": bool(person.done),
                "can_redo": bool(person.undone),
                "people": ledger.people,
                "advice": advice,
                "proven": snapshot is not None and is_proven(snapshot.advice),
                "settings": {**ledger.settings, **person.settings},
            }

    def questions(self, who: str, n: int = 3) -> list[Json]:
        """Return the next questions of a person.

        The first two stay as they are; the others may be replaced by better ones. Before there is
        a model, and where not even two are ready, questions are drawn at random.

        Parameters
        ----------
        who : str
        n : int, default=3
            From 1 to 50; fewer come if fewer are left.

        Returns
        -------
        list of dict
            ``point``, ``suggestion`` (a class and how probable it is, or None; never at a random
            check), and ``again``, if another person answered it already.
        """
        self._acts.check_who(who)
        if type(n) is not int or not 1 <= n <= _MOST_QUESTIONS:
            raise InvalidInputError(
                f"the number of questions must be from 1 to {_MOST_QUESTIONS}, got {n!r:.40}."
            )
        keeper = self._keeper
        alone = bool(keeper.problem)  # nobody chooses questions, nor draws checks
        found = self._desk.questions(who, n, draw=alone or keeper.snapshot is None, alone=alone)
        self._keeper.wake()
        with self._desk.lock:
            shown = self._desk.ledger.person(who).settings.get("suggestions", True) is not False
        return [
            {
                "point": point,
                "suggestion": self._known.suggestion(point) if shown and not again else None,
                "again": again,
            }
            for point, again in found
        ]

    # What is answered

    def answer(
        self, who: str, key: str, point: int, class_id: int, seconds: float | None = None
    ) -> Json:
        """Store an answer to a question, or of any point.

        A person's second answer to a point takes the place of the first.

        Parameters
        ----------
        who, key : str
        point : int
        class_id : int
        seconds : float, default=None
            How long the person took.

        Returns
        -------
        dict
            ``seq``, the act's number; ``version``; and ``n_labelled``.
        """
        return self._acts.answer(who, key, point, class_id, seconds)

    def confirm(self, who: str, key: str, points: Sequence[int], class_id: int) -> Json:
        """Store one class for many points that were seen together.

        They never count as random checks. Points that are asked about or have a label are left. Of
        the grid shown last, the others were taken out: they are asked next; `points` may be empty.

        Returns
        -------
        dict
            As of :meth:`answer`, and ``left``: the points that were left.
        """
        return self._acts.confirm(who, key, points, class_id, self._known.taken_out)

    def skip(self, who: str, key: str, point: int, seconds: float | None = None) -> Json:
        """Store that nobody can say: the point is not asked about again."""
        return self._acts.skip(who, key, point, seconds)

    def later(self, who: str, key: str, point: int) -> Json:
        """Put a question off: it comes again after ten more acts of this person."""
        return self._acts.later(who, key, point)

    def relabel(self, who: str, key: str, point: int, class_id: int | None) -> Json:
        """Store the word that decides, whoever answered before.

        Parameters
        ----------
        who, key : str
        point : int
            One with a label, or that was skipped. Of any other it is an answer, and refused of an
            open check: a list may have shown what the model says of it.
        class_id : int or None
            None takes all answers back: the point is open again.
        """
        return self._acts.relabel(who, key, point, class_id)

    def undo(self, who: str, key: str) -> Json:
        """Take back the last thing that this person did and that stands.

        Returns
        -------
        dict
            As of :meth:`answer`, and ``done``: the kind, points and class of what was taken back,
            or None if there was nothing. A question that it answered is this person's next.
        """
        return self._acts.undo(who, key, again=False)

    def redo(self, who: str, key: str) -> Json:
        """Do again what this person took back last; as :meth:`undo`."""
        return self._acts.undo(who, key, again=True)

    def add_class(self, who: str, key: str, name: str) -> Json:
        """Add a class, with the next free key; one of that name is returned as it is."""
        return self._acts.add_class(who, key, name)

    def rename_class(self, who: str, key: str, class_id: int, name: str) -> Json:
        """Give a class another name."""
        return self._acts.rename_class(who, key, class_id, name)

    def set_key(self, who: str, key: str, class_id: int, press: str | None) -> Json:
        """Set the key that answers with a class; None for none."""
        return self._acts.set_key(who, key, class_id, press)

    def set_settings(self, who: str, key: str, settings: Mapping[str, object]) -> Json:
        """Change settings.

        ``accuracy``, ``confidence`` and ``overlap`` are the file's, all others this person's
        own, of whatever JSON holds, up to 10 KB in all.
        """
        return self._acts.set_settings(who, key, settings)

    # What is written

    def with_model(self, task: Callable[[Learned], T]) -> Future[T]:
        """Have something done with the model that answers, in the thread that it learns in.

        It is as it was when it spoke last, and must not be changed nor kept. What it is to learn
        waits meanwhile; nothing else does.

        Parameters
        ----------
        task : callable
            Called with what has been learned so far.

        Returns
        -------
        Future
            Of what `task` returns; a LabellingError where no model can be had any more.

        Raises
        ------
        InvalidInputError
            If nothing has been learned yet.
        """
        if self._keeper.snapshot is None:
            raise InvalidInputError("Nothing has been learned yet: answer some questions first.")

        def with_data(model: object) -> T:
            items, said = self._items, self._known.progress()["sentence"]
            return task(Learned(model, items.data(), items.label_column, items.name, said))

        return self._keeper.ask(with_data)

    def export(self, target: str | os.PathLike[str] | IO[bytes], file_format: str) -> None:
        """Write labels and predictions; see :func:`fewlabels.labelling.export_labels`.

        The predictions are those that the models made last: nothing is waited for.
        """
        with self._desk.lock:
            found = Labels(self._items, self._desk.ledger, self._keeper.snapshot, file_format)
        write_labels(found, target, file_format)

    # What changes

    @property
    def version(self) -> int:
        """A number that grows whenever anything that is shown has changed."""
        return self._desk.version

    def wait(self, version: int, timeout: float | None = None) -> int:
        """Wait until :attr:`version` is another than `version`; return it."""
        return self._desk.wait(version, timeout)

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(version)` after each change, from any thread; return what ends that."""
        return self._desk.subscribe(callback)

    def settle(self, timeout: float = 300.0) -> bool:
        """Wait until the models have caught up; return whether they have. For scripts and tests."""
        return self._keeper.settle(timeout)
