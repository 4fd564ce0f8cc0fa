"""Where the server listens, and its life from the first request to Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fewlabels._typing import Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.web._access import Access, is_loopback, parse_origin
from fewlabels.web._app import App
from fewlabels.web._source import Source

# Below the ports that systems hand out by themselves (32768 and above on Linux).
_FIRST_PORT, _PORTS = 20_000, 12_000
_MOST_CONNECTIONS = 256


@dataclass(frozen=True)
class Listener:
    """A bound socket, and what a request to it has to show.

    Attributes
    ----------
    origin : str
        Where the page is: scheme, name, port.
    address : str
        The same with the token, for the browser. To be printed once, and nowhere else.
    """

    socket: socket.socket
    access: Access
    origin: str
    certificate: str | None = None
    private_key: str | None = None

    @property
    def address(self) -> str:
        """The address that opens the page."""
        return f"{self.origin}/?token={self.access.token}"

    @property
    def port(self) -> int:
        """The port that was bound."""
        return self.access.port

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()


def open_listener(
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    preferred: str | os.PathLike[str] | None = None,
    certificate: str | os.PathLike[str] | None = None,
    private_key: str | os.PathLike[str] | None = None,
    origins: Iterable[str] = (),
) -> Listener:
    """Bind a port for the labelling page.

    Parameters
    ----------
    host : str, default="127.0.0.1"
        An address of this machine. Only a loopback address is taken without TLS.
    port : int, optional
        By default the port that belongs to `preferred`, if that is free, or any other.
    preferred : path, optional
        The label file. The same file gets the same port again, so that a page that was open
        when the server ended goes on by itself, with the answers given meanwhile.
    certificate, private_key : path, optional
        PEM files for TLS.
    origins : iterable of str
        Further origins under which people open the page, such as a reverse proxy's
        ``"https://label.example.org"``; the first is in the address to print.

    Returns
    -------
    Listener

    Raises
    ------
    InvalidInputError
        If the port is taken, a name is none, or labels would travel in the clear.
    """
    origins = tuple(origins)
    if private_key is not None and certificate is None:
        raise InvalidInputError("A private key was given, and no certificate to go with it.")
    if not is_loopback(host) and certificate is None:
        raise InvalidInputError(
            f"On {host} other machines could read and change the labels. Give a certificate "
            "(--certificate, --private-key), or stay on 127.0.0.1 behind a reverse proxy that "
            "speaks https, and name its address (--origin https://label.example.org)."
        )
    if certificate is not None:
        _check_certificate(certificate, private_key)
    bound = _bind(host, port, preferred)
    scheme = "http" if certificate is None else "https"
    try:
        names = [f"{scheme}://{name}:{bound.getsockname()[1]}" for name in _names_of(host)]
        known = [*origins, *names]  # the first is printed
        if not known:
            raise InvalidInputError(
                f"{host} is every address of this machine. Say under which name the page will be "
                "opened: --origin https://NAME:PORT."
            )
        access = Access.of(known, bound.getsockname()[1])
    except BaseException:
        bound.close()
        raise
    return Listener(
        bound,
        access,
        parse_origin(known[0]),
        None if certificate is None else os.fspath(certificate),
        None if private_key is None else os.fspath(private_key),
    )


def _names_of(host: str) -> list[str]:
    """Give the names by which a browser may call this host."""
    if host in {"0.0.0.0", "::"}:
        return []
    shown = f"[{host}]" if ":" in host else host
    others = ["localhost"] if is_loopback(host) and host != "localhost" else []
    return [shown, *others]


def _check_certificate(
    certificate: str | os.PathLike[str], private_key: str | os.PathLike[str] | None
) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
    except OSError as error:
        raise InvalidInputError(
            f"{os.fspath(certificate)} can't be used as a certificate: "
            f"{error.strerror or error}. PEM files are read."
        ) from None


def _bind(host: str, port: int | None, preferred: str | os.PathLike[str] | None) -> socket.socket:
    if port is not None:
        return _bound(host, port)
    if preferred is not None:
        where = os.fsencode(Path(preferred).resolve())
        try:
            return _bound(host, _FIRST_PORT + zlib.crc32(where) % _PORTS)
        except InvalidInputError:
            pass  # taken by something else: any other will do
    return _bound(host, 0)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio sends at once (TCP_NODELAY) only where it is. Without, the
    # second half of each response would wait 40 ms for the first to be acknowledged.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port whose connections have ended is free at once; elsewhere this means theft.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        raise InvalidInputError(
            f"Port {port} of {host} can't be opened: {getattr(error, 'strerror', None) or error}."
        ) from None
    made.set_inheritable(False)
    return made


class _Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, without a log of addresses, whoever listens to its loggers.

    An address holds the token once, and a search holds data.
    """

    def __init__(self, *args: Package, **kwargs: Package) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False


class Server(uvicorn.Server):
    """uvicorn with one listener; open streams end when it does.

    `should_exit` ends it from another thread.
    """

    def __init__(
        self,
        listener: Listener,
        source: Source,
        who: str = "me",
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._app = App(source, listener.access, who)
        self._listener = listener
        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                self._app,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=2,
                ssl_certfile=listener.certificate,
                ssl_keyfile=listener.private_key,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end; the listener is closed then."""
        try:
            super().run(sockets=sockets or [self._listener.socket])
        finally:
            self._listener.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections, and say so."""
        await super().startup(sockets)
        if self._on_ready is not None and self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, which would never end by themselves, and then the rest."""
        self._app.events.close()
        await super().shutdown(sockets)


def serve(
    listener: Listener,
    source: Source,
    *,
    who: str = "me",
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM, and return.

    Parameters
    ----------
    listener : Listener
        Of :func:`open_listener`; closed at the end.
    source : Labelling
        What is labelled.
    who : str, default="me"
        The person who answers, where the page names nobody.
    on_ready : callable, optional
        Called once when the first request can come.
    """
    # uvicorn raises the signal that it held back when all has ended.
    with suppress(KeyboardInterrupt), _outliving_sigterm():
        Server(listener, source, who, on_ready).run()


@contextmanager
def _outliving_sigterm() -> Iterator[None]:
    """Let SIGTERM end the server and not the process, which has a file to close."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for other threads
        return
    # as Ctrl-C does, also where it comes before uvicorn listens to it
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
