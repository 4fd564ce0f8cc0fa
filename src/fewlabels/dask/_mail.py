"""Messages from worker to worker, past the scheduler: the one place that knows of the transport.

A worker has one mailbox, whatever fits run on it. Each message says which fit it belongs to and in
which epoch: every time that a worker is lost, the others begin a new epoch, and messages of older
ones are dropped. Whoever waits for a message is woken when its epoch is called off, when the one
that it waits for can't be reached any more, or when that one has sent it and it does not come. One
that is there, but has long been at work on what it is to send, is told of in the log: it may be
slow, or its disk may be stuck.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

from distributed import Worker
from distributed.protocol import to_serialize

Key: TypeAlias = tuple[str, int, str, int, int]  # fit, epoch, kind, number, sender

_logger = logging.getLogger("distributed.worker")  # among what else is told of workers

_NAME = "fewlabels"
# Seconds after which whoever waits asks whether the other one is still there; and in which that one
# answers, however busy it is: one that has ended is known at once, by its connection.
_PATIENCE, _TO_ANSWER = 5.0, 60.0
# Seconds in which what was written to a connection arrives; later, it is lost.
_TO_ARRIVE = 120.0
# Seconds at work on one message after which a worker is warned of, the first time; then twice that.
_TO_WONDER = 120.0


class CalledOffError(RuntimeError):
    """The epoch is over: another worker was lost, or nobody waits for the answer any more."""


class PeerLostError(RuntimeError):
    """Another worker can't be reached, or a message from it was lost."""


@dataclass
class Mailbox:
    """Holds messages until they are asked for; one a worker.

    Attributes
    ----------
    worker : Worker
    """

    worker: Worker
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _posts: dict[Key, object] = field(default_factory=dict)
    _over: dict[str, int] = field(default_factory=dict)  # the last epoch of a fit that is over
    _expected: dict[str, int] = field(default_factory=dict)
    _lost: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    # of a fit: since when it has not waited for a message here; infinity while it waits
    _at_work: dict[str, float] = field(default_factory=dict)
    _writing: set[asyncio.Task[None]] = field(default_factory=set)
    # of a fit, epoch and kind, and the one written to: the last number, and when it was written
    _written: dict[tuple[str, int, str, int], tuple[int, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, worker: Worker) -> Mailbox:
        """Return the worker's mailbox, which is put up when it is first asked for."""
        found = worker.extensions.get(_NAME)
        if not isinstance(found, Mailbox):
            found = cls(worker)
            worker.extensions[_NAME] = found
            worker.handlers[f"{_NAME}_post"] = found.take
            worker.handlers[f"{_NAME}_amiss"] = found.is_amiss
            worker.handlers[f"{_NAME}_at_work"] = found.at_work
        return found

    def expect(self, fit: str, epoch: int) -> None:
        """Make ready for an epoch, which this process is to take part in."""
        with self._changed:
            self._expected[fit] = epoch
            self._at_work[fit] = monotonic()

    def expects(self, fit: str, epoch: int) -> bool:
        """Tell whether it was made ready: not so where the worker was started again since."""
        return self._expected.get(fit) == epoch

    def take(
        self, fit: str, epoch: int, kind: str, number: int, sender: int, payload: object
    ) -> None:
        """Keep a message for whoever will ask for it; on the event loop."""
        with self._changed:
            if epoch > self._over.get(fit, -1):
                self._posts[fit, epoch, kind, number, sender] = payload
                self._changed.notify_all()

    def is_over(self, fit: str, epoch: int) -> bool:
        """Tell whether an epoch was called off here; on the event loop."""
        return epoch <= self._over.get(fit, -1)

    def is_amiss(self, fit: str, epoch: int, kind: str, number: int, receiver: int) -> bool:
        """Tell one that waits for a message from here whether it waits in vain; on the loop."""
        last, at = self._written.get((fit, epoch, kind, receiver), (-1, 0.0))
        late = last >= number and monotonic() - at > _TO_ARRIVE
        return late or receiver in self._lost.get((fit, epoch), ()) or self.is_over(fit, epoch)

    def at_work(self, fit: str) -> float:
        """Return for how many seconds a fit has not waited for others here; on the event loop."""
        return max(0.0, monotonic() - self._at_work.get(fit, math.inf))

    def call_off(self, fit: str, epoch: int) -> None:
        """End an epoch and all before it: wake who waits, drop their messages."""
        with self._changed:
            self._over[fit] = max(epoch, self._over.get(fit, -1))
            for key in [key for key in self._posts if key[0] == fit and key[1] <= epoch]:
                del self._posts[key]
            for sent in [sent for sent in self._written if sent[0] == fit and sent[1] <= epoch]:
                del self._written[sent]
            self._changed.notify_all()

    def send(self, addresses: list[str], key: Key, payloads: Iterable[tuple[int, object]]) -> None:
        """Send payloads to some ranks; returns before they have arrived; from any thread.

        A payload must not be changed afterwards.
        """
        posts = list(payloads)
        self.worker.loop.asyncio_loop.call_soon_threadsafe(self._start, addresses, key, posts)

    def _start(self, addresses: list[str], key: Key, posts: list[tuple[int, object]]) -> None:
        for rank, payload in posts:
            task = asyncio.ensure_future(self._write(addresses[rank], rank, key, payload))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, address: str, rank: int, key: Key, payload: object) -> None:
        fit, epoch, kind, number, _ = key
        try:
            await self._post(address, key, payload)
            if self.expects(fit, epoch):  # not when the fit is forgotten by now
                self._written[fit, epoch, kind, rank] = (number, monotonic())
        except Exception:  # of the connection, or what can't be sent: nobody else hears of it
            _logger.exception("fewlabels: a message to %s was not sent", address)
            self._lose(fit, epoch, rank)

    async def _post(self, address: str, key: Key, payload: object) -> None:
        fit, epoch, kind, number, sender = key
        told = payload if isinstance(payload, float) else to_serialize(payload)
        await self.worker.rpc(address).fewlabels_post(
            reply=False,
            fit=fit,
            epoch=epoch,
            kind=kind,
            number=number,
            sender=sender,
            payload=told,
        )

    def _lose(self, fit: str, epoch: int, rank: int) -> None:
        with self._changed:
            if not self.is_over(fit, epoch):
                self._lost.setdefault((fit, epoch), set()).add(rank)
                self._changed.notify_all()

    def receive(self, address: str, key: Key, rank: int) -> object:
        """Wait for a message to the one of this `rank`.

        Raises
        ------
        CalledOffError
            If the epoch is over.
        PeerLostError
            If its sender can't be reached, or has sent it and it is lost.
        """
        fit, *_ = key
        self._at_work[fit] = math.inf
        try:
            return self._receive(address, key, rank)
        finally:
            with self._changed:
                if fit in self._expected:  # not when the fit is forgotten by now
                    self._at_work[fit] = monotonic()

    def _receive(self, address: str, key: Key, rank: int) -> Any:
        fit, epoch, *_ = key
        asking: Future[float] | None = None
        wonder_at = _TO_WONDER
        while True:
            with self._changed:
                arrived = self._changed.wait_for(lambda: self._ready(key), _PATIENCE)
                if self.is_over(fit, epoch):
                    raise CalledOffError(f"epoch {epoch} is over")
                if key in self._posts:
                    return self._posts.pop(key)
                if arrived:
                    raise PeerLostError(f"{address} can't be reached, or its message is lost")
            if asking is None or asking.done():
                at_work = _answer(asking)
                if at_work > wonder_at:
                    wonder_at = 2 * at_work
                    _logger.warning(
                        "fewlabels: the worker %s answers, but has been at work for %.0f seconds "
                        "on what others wait for. It may be slow, or its disk stuck. If it is, end "
                        "it: the fit goes on from its last checkpoint.",
                        address,
                        at_work,
                    )
                loop = self.worker.loop.asyncio_loop
                asking = asyncio.run_coroutine_threadsafe(self._ask(address, key, rank), loop)

    def _ready(self, key: Key) -> bool:
        fit, epoch, *_, sender = key
        lost = sender in self._lost.get((fit, epoch), ())
        return key in self._posts or lost or self.is_over(fit, epoch)

    async def _ask(self, address: str, key: Key, rank: int) -> float:
        """Ask the sender whether it is there, in the same epoch, and has not sent it long ago.

        Returns the seconds for which it has been at work without waiting for others.
        """
        fit, epoch, kind, number, sender = key
        at_work = 0.0
        for _ in range(2):  # a machine that has slept finds that its time is over
            try:
                amiss = await asyncio.wait_for(
                    self.worker.rpc(address).fewlabels_amiss(
                        fit=fit, epoch=epoch, kind=kind, number=number, receiver=rank
                    ),
                    _TO_ANSWER,
                )
                at_work = await asyncio.wait_for(
                    self.worker.rpc(address).fewlabels_at_work(fit=fit), _TO_ANSWER
                )
                break
            except TimeoutError:
                amiss = True
            except OSError:
                amiss = True
                break
        if amiss and key not in self._posts:
            self._lose(fit, epoch, sender)
        return at_work

    def forget(self, fit: str) -> None:
        """Drop what is known of a fit that has ended."""
        with self._changed:
            self._expected.pop(fit, None)
            self._at_work.pop(fit, None)
            for key in [key for key in self._posts if key[0] == fit]:
                del self._posts[key]
            for sent in [sent for sent in self._written if sent[0] == fit]:
                del self._written[sent]
            for pair in [pair for pair in self._lost if pair[0] == fit]:
                del self._lost[pair]


def _answer(asking: Future[float] | None) -> float:
    """Return what was answered; 0 if nothing was."""
    if asking is None or asking.cancelled() or asking.exception() is not None:
        return 0.0
    return asking.result()


class Line:
    """What one worker, of `rank` among the `addresses`, says and hears in an epoch of a fit."""

    def __init__(
        self, mailbox: Mailbox, fit: str, epoch: int, rank: int, addresses: list[str]
    ) -> None:
        self.rank = rank
        self.others = [k for k in range(len(addresses)) if k != rank]
        self.n_bytes = 0  # sent
        self._mailbox, self._addresses = mailbox, addresses
        self._fit, self._epoch = fit, epoch
        self._numbers: dict[str, int] = {}

    def exchange(
        self, kind: str, to: Mapping[int, object], sources: Iterable[int]
    ) -> dict[int, Any]:
        """Send a payload to some ranks, and return what `sources` send in the same exchange.

        All who take part call it for a kind equally often.
        """
        number = self._numbers[kind] = self._numbers.get(kind, -1) + 1
        if to:
            key = (self._fit, self._epoch, kind, number, self.rank)
            self._mailbox.send(self._addresses, key, to.items())
            self.n_bytes += sum(getattr(payload, "nbytes", 0) for payload in to.values())
        return {
            source: self._mailbox.receive(
                self._addresses[source], (self._fit, self._epoch, kind, number, source), self.rank
            )
            for source in sources
        }

    def maximum(self, value: float) -> float:
        """Return the largest of everybody's values."""
        heard = self.exchange("maximum", dict.fromkeys(self.others, value), self.others)
        return max(value, *heard.values()) if heard else value

    def go_on(self) -> None:
        """Raise CalledOffError if the epoch is over."""
        if self._mailbox.is_over(self._fit, self._epoch):
            raise CalledOffError(f"epoch {self._epoch} is over")


def call_off(fit: str, epoch: int, dask_worker: Worker) -> None:
    """End an epoch of a fit on a worker; run there by the client."""
    Mailbox.of(dask_worker).call_off(fit, epoch)


def forget(fit: str, dask_worker: Worker) -> None:
    """Drop what a worker knows of a fit that has ended; run there by the client."""
    Mailbox.of(dask_worker).forget(fit)
