"""Set up certificates and proxies in one way for every client library.

A certificate that is not trusted and a proxy that refuses are no passing faults: they are reported at once, with their
reason and with the place where they can be changed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from okrsync.answer_size import VARIABLE, AnswerTooLarge, bound
from okrsync.connector import on_this_machine, passes
from okrsync.errors import AccessError, ConfigError, OkrsyncError, Unavailable

if TYPE_CHECKING:
    import ssl

    import requests

FILES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables that name a file of certificates; each client library reads only some of them."""

_dates: dict[str, str] = {}
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@cache
def trust() -> None:
    """Let every TLS connection of this process trust what the machine trusts, and what the variables name.

    Call it before a client is made: httpx makes its context then. Raises ``ConfigError`` if a variable names no file,
    or a proxy that nothing here can talk to.
    """
    named = {name: path for name in FILES if (path := os.environ.get(name))}
    for name, path in named.items():
        if not Path(path).exists():
            raise ConfigError(
                f"the environment variable {name} names {path}, which does not exist",
                hint="put the certificates there, or unset the variable",
            )
    _check_proxies()
    if named:
        _share(named)
    # requests as a whole: truststore imports a part of it, and if another thread imports the rest at that moment, one of
    # the two is given a module that is not complete.
    import requests  # noqa: F401
    import truststore

    truststore.inject_into_ssl()


def _share(named: dict[str, str]) -> None:
    """Let the libraries that read another variable find the certificates too."""
    path = next(iter(named.values()))
    if "SSL_CERT_FILE" not in named:
        os.environ["SSL_CERT_DIR" if Path(path).is_dir() else "SSL_CERT_FILE"] = path
    # On Linux requests finds them through OpenSSL, and keeps the public certificates that it ships with.
    if set(named) == {"SSL_CERT_FILE"} and sys.platform != "linux":
        os.environ["REQUESTS_CA_BUNDLE"] = path


def _check_proxies() -> None:
    for name in _PROXIES:
        scheme = os.environ.get(name, "").partition("://")[0].lower()
        if scheme.startswith("socks") and not all(find_spec(module) for module in ("socks", "socksio")):
            raise ConfigError(
                f"the environment variable {name} names a SOCKS proxy, for which two packages are missing",
                hint="pip install PySocks socksio, or name an http:// proxy",
            )


def session(url: str) -> requests.Session:
    """A ``requests`` session for one server: trusted certificates, no proxy to this machine, no sign-in from .netrc."""
    import requests

    trust()
    made = requests.Session()
    made.trust_env = not on_this_machine(url)
    made.auth = lambda request: request
    made.hooks["response"] += [_note_date, bound]
    return made


def _note_date(response: requests.Response, **_: Any) -> None:
    note_date(response.url, response.headers.get("Date"))


def note_date(url: str, header: str | None) -> None:
    """Keep what time a server says it is: ``okrsync doctor`` compares it with this machine's clock."""
    host = urlsplit(url).hostname
    if host and header:
        _dates[host] = header


def noted_dates() -> dict[str, str]:
    """The last ``Date`` header of each server since the last call."""
    noted = dict(_dates)
    _dates.clear()
    return noted


def trusted() -> str:
    """Which certificates are trusted here, in words. Raises ``ConfigError`` as ``trust`` does."""
    trust()
    named: dict[str, list[str]] = {}
    for name in FILES:
        if path := os.environ.get(name):
            named.setdefault(path, []).append(name)
    more = [f"{path} (from {', '.join(variables)})" for path, variables in named.items()]
    return " and ".join(["this machine's own", *more])


def obstacle(error: BaseException, what: str) -> OkrsyncError | None:
    """Why ``what`` cannot get through, if trying again is of no use: a certificate, a proxy's refusal, or a size."""
    import ssl

    chain = list(_chain(error))
    host = next((found for one in chain if (found := _host(one))), "the server")
    for one in chain:
        if isinstance(one, AnswerTooLarge):
            hint = f"if so much is right, set {VARIABLE} to more; if not, look at what answers there"
            return Unavailable(f"{what}: {one}", hint=hint)
        if isinstance(one, ssl.SSLCertVerificationError):
            return _untrusted(one, what, host)
        if isinstance(one, ssl.SSLError) and one.reason in {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL"}:
            return Unavailable(
                f"{what}: {host} does not speak TLS at this address ({one.reason})",
                hint="check the port in the connection's url",
            )
    for one in chain:
        if (status := _tunnel_status(one)) is not None and not passes(status):
            return _refused_by_proxy(status, what, host)
    return None


def nobody_listens(error: BaseException) -> bool:
    """Whether the machine at the other end refused the connection at once: no program listens at that port."""
    return any(isinstance(one, ConnectionRefusedError) for one in _chain(error))


def proxy(host: str) -> str:
    """The proxy that requests to ``host`` go through, and the variable that names it, in words; else empty."""
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(host):
        return ""
    for name in _PROXIES:
        if address := os.environ.get(name):
            return f"the proxy {_shown(address)} (from {name})"
    address = getproxies().get("https", "")
    return f"the proxy {_shown(address)} (from this machine's settings)" if address else ""


def _untrusted(error: ssl.SSLCertVerificationError, what: str, host: str) -> OkrsyncError:
    reason = error.verify_message or str(error.args[-1])
    if "expired" in reason or "not yet valid" in reason:
        hint = "renew the server's certificate; if it is fresh, set this machine's clock"
    elif "ismatch" in reason or "not valid for" in reason:
        hint = "write the name that the certificate is made for into the connection's url"
    else:
        hint = (
            "if a proxy or the server has a certificate of your company's own authority: add that authority to "
            "this machine's trust store, or name its file (PEM) in SSL_CERT_FILE"
        )
    between = proxy(host)
    through = f", through {between}" if between else ""
    return Unavailable(f"{what}: the certificate of {host} is not trusted here: {reason}{through}", hint=hint)


def _refused_by_proxy(status: int, what: str, host: str) -> OkrsyncError:
    between = proxy(host) or "a proxy"
    if status == 407:  # Proxy Authentication Required
        return AccessError(
            f"{what}: {between} asks for a name and a password (407)",
            hint="write them into that variable: http://NAME:PASSWORD@HOST:PORT, special characters as %XX",
        )
    return Unavailable(
        f"{what}: {between} refuses to connect to {host} ({status})",
        hint=f"ask its administrators to allow {host}, or name it in NO_PROXY if it is reached directly",
    )


def _tunnel_status(error: BaseException) -> int | None:
    """The status with which a proxy refused a tunnel: ``http.client`` and ``httpcore`` only have it in their texts."""
    named = type(error).__name__ == "ProxyError" and re.match(r"([45]\d\d)\b", str(error))
    found = named or re.match(r"Tunnel connection failed: (\d{3})", str(error))
    return int(found[1]) if found else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error with everything that it was made of; libraries wrap each other's errors in several ways."""
    rest: list[Any] = [error]
    seen: set[int] = set()
    while rest:
        one = rest.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        rest += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _host(error: BaseException) -> str:
    try:
        url = str(getattr(getattr(error, "request", None), "url", ""))
    except RuntimeError:  # httpx: the request was never set
        return ""
    return urlsplit(url).hostname or ""


def _shown(address: str) -> str:
    """Host and port of a proxy's address, which may hold a password."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    return parts.netloc.rpartition("@")[2]
