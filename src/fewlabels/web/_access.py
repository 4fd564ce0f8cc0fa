"""Who may talk to the server: the names it answers to, the origins it takes, and two secrets."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fewlabels.exceptions import InvalidInputError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Access:
    """What a request has to show.

    Parameters
    ----------
    origins : frozenset of bytes
        The origins under which the page is open, as browsers send them
        (``b"http://127.0.0.1:8123"``). Compared as a whole: no patterns, no suffixes.
    hosts : frozenset of bytes
        The Host headers that belong to them.
    port : int
        In the name of the cookie, because browsers share cookies between the ports of a machine.
    token : str
        In the address that is printed; exchanged for the cookie.
    session : str
        What the cookie holds. Apart from the token, so that neither tells the other.
    """

    origins: frozenset[bytes]
    hosts: frozenset[bytes]
    port: int
    token: str = field(default_factory=_secret, repr=False)
    session: str = field(default_factory=_secret, repr=False)

    @classmethod
    def of(cls, origins: Iterable[str], port: int) -> Access:
        """Of origins as text."""
        parsed = [parse_origin(origin) for origin in origins]
        return cls(
            origins=frozenset(origin.encode() for origin in parsed),
            hosts=frozenset(origin.partition("://")[2].encode() for origin in parsed),
            port=port,
        )

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"fewlabels_{self.port}"

    def grants_token(self, shown: str) -> bool:
        """Whether this is the token, in the same time whatever it is."""
        return hmac.compare_digest(shown.encode("utf-8", "replace"), self.token.encode())

    def grants_cookie(self, header: bytes) -> bool:
        """Whether a Cookie header holds the session, once."""
        wanted = self.cookie.encode()
        held = [
            value.strip()
            for name, _, value in (part.partition(b"=") for part in header.split(b";"))
            if name.strip() == wanted
        ]
        return len(held) == 1 and hmac.compare_digest(held[0], self.session.encode())

    def set_cookie(self, host: bytes) -> str:
        """Give the header that hands the cookie out; under https, for https alone."""
        kept = f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"
        return f"{kept}; Secure" if b"https://" + host in self.origins else kept


def parse_origin(text: str) -> str:
    """Bring an origin to the form in which browsers send it; anything more is refused."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = None, "", None
    usable = (
        parts is not None
        and parts.scheme in _DEFAULT_PORTS
        and "@" not in parts.netloc
        and not (parts.path.strip("/") or parts.query or parts.fragment)
        and (_NAME.match(host) or _is_address(host))
    )
    if parts is None or not usable:
        raise InvalidInputError(
            f"{text!r} is no origin: give scheme, name and port alone, such as "
            "https://label.example.org or https://label.example.org:8443."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInputError(
            f"{text!r} would send labels and the key to them in the clear. Put it behind https: "
            "give a certificate, or the https address of a reverse proxy."
        )
    shown = f"[{host}]" if ":" in host else host
    default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{shown}" if default else f"{parts.scheme}://{shown}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
