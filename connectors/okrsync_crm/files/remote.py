"""Copy remote exports to a private folder: https by requests; s3, gs and sftp by fsspec."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from okrsync.connector import NoValueError, passes
from okrsync.errors import AccessError, DataError, Unavailable
from okrsync.extras import install_command
from okrsync.http import USER_AGENT, Again, limiter, patiently, retry_after
from okrsync.model import Cause
from okrsync.network import obstacle, proxy, session, trust
from okrsync.ports import ConnectorContext
from okrsync_crm.files.limits import CHUNK, chunks_of, copied
from okrsync_crm.files.selection import ExportFile
from okrsync_crm.refusal import bad_config, bad_data
from okrsync_crm.settings import CrmSettings, FileLimits

if TYPE_CHECKING:
    import requests

TIMEOUT: Final = (10, 120)
_EXTRAS: Final[Mapping[str, str]] = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "sftp": "sftp"}


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """The connection's files as local ones. ``settings`` and ``base`` name them; ``fill`` fetches one that is chosen."""

    settings: CrmSettings
    base: str
    fetch: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)

    def fill(self, found: ExportFile) -> None:
        """Copy the file's content, if it is not here yet; ``found`` knows its time. Raises ``NoValueError``."""
        if found.name in self.fetch and not found.path.stat().st_size:
            self.fetch[found.name](found.path)


def here(settings: CrmSettings, context: ConnectorContext, folder: Path) -> LocalFiles:
    """Local files as they are; of remote ones a list in ``folder``, empty until they are filled. Raises ``NoValueError``."""
    scheme, found, _ = settings.path.partition("://")
    if not found:
        return LocalFiles(settings, context.base)
    if scheme in {"http", "https"}:
        return _by_requests(settings, context, folder)
    return _by_fsspec(settings, scheme, folder)


def _placeholder(folder: Path, name: str, time: datetime) -> None:
    path = folder / name
    path.touch()
    os.utime(path, (time.timestamp(), time.timestamp()))


# ---- https --------------------------------------------------------------------------------------------------------


def _by_requests(settings: CrmSettings, context: ConnectorContext, folder: Path) -> LocalFiles:
    """The file is fetched at once: only the answer to the request says how old it is."""
    name = Path(unquote(urlsplit(settings.path).path)).name or "download"
    target = folder / name
    modified = _download(settings, context, target)
    if modified is None and settings.stale_after is not None:
        raise bad_data(
            f"{name}: the server does not say how old it is (no Last-Modified), and stale_after is set",
            hint="drop stale_after, or let the server send Last-Modified",
        )
    time = (modified or context.clock.now()).timestamp()
    os.utime(target, (time, time))
    return LocalFiles(settings.model_copy(update={"path": name}), str(folder))


class _Refused(Exception):
    def __init__(self, answer: requests.Response, after: float | None) -> None:
        super().__init__(f"HTTP {answer.status_code}")
        self.status = answer.status_code
        self.after = after
        self.is_page = "html" in answer.headers.get("Content-Type", "").lower()


def _download(settings: CrmSettings, context: ConnectorContext, target: Path) -> datetime | None:
    import requests

    headers = {"User-Agent": USER_AGENT}
    if settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token.reveal()}"
    address = urlsplit(settings.path)
    shown = f"{address.scheme}://{address.hostname}{address.path}"

    def get() -> str | None:
        with (
            session(settings.path) as http,
            http.get(settings.path, headers=headers, timeout=TIMEOUT, stream=True) as answer,
        ):
            if any(urlsplit(hop.url).scheme != address.scheme for hop in (*answer.history, answer)):
                raise bad_data(
                    f"{shown} sends on to an address that is not https", hint="write the final address"
                )
            if answer.status_code != 200:
                after = retry_after(answer.headers.get("Retry-After"), context.clock.now())
                raise _Refused(answer, after)
            copied(answer.iter_content(CHUNK), target, shown, settings.limits)
            return answer.headers.get("Last-Modified")

    def again(error: Exception) -> Again | None:
        if isinstance(error, _Refused):
            return Again(str(error), error.after) if passes(error.status) else None
        return Again(type(error).__name__) if isinstance(error, requests.RequestException) else None

    limit = limiter(context.clock, ("crm", address.hostname), rate=2, burst=4)
    try:
        said = patiently(get, clock=context.clock, limit=limit, again=again, what=shown)
    except Unavailable as error:
        raise NoValueError(Cause.UNAVAILABLE, error.message, hint=error.hint) from error
    except _Refused as error:
        raise _answered(shown, error) from None
    return _moment(said)


def _answered(shown: str, refused: _Refused) -> NoValueError:
    status, between = refused.status, proxy(urlsplit(shown).hostname or "")
    if status == 403 and refused.is_page and between:
        return NoValueError(
            Cause.UNAVAILABLE,
            f"{shown}: a web page with HTTP 403, through {between}",
            hint="look whether the proxy lets it pass; if it does, renew token, or the address itself",
        )
    if status in {401, 403}:
        return NoValueError(
            Cause.ACCESS,
            f"{shown} may not be read (HTTP {status})",
            hint="renew token, or the address itself",
        )
    if status in {404, 410}:
        return NoValueError(
            Cause.UNAVAILABLE, f"there is no file at {shown}", hint="check path and the export job"
        )
    return bad_data(f"{shown} answers HTTP {status}", hint="open it in a browser")


def _moment(said: str | None) -> datetime | None:
    if not said:
        return None
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


# ---- fsspec -------------------------------------------------------------------------------------------------------


def _by_fsspec(settings: CrmSettings, scheme: str, folder: Path) -> LocalFiles:
    system, root = _filesystem(settings.path, scheme)
    parent, _, pattern = root.rpartition("/")
    if re.search(r"[*?\[]|\{date\}", parent):
        raise bad_config(f"{settings.path}: of a remote path only the file's name may be a pattern")
    names = fnmatch.translate(pattern.replace("{date}", "*"))
    fetch: dict[str, Callable[[Path], None]] = {}
    with _explained(settings.path):
        listed = system.ls(parent, detail=True)
    for entry in listed:
        name = str(entry["name"]).rpartition("/")[2]
        if entry.get("type") == "file" and re.fullmatch(names, name):
            with _explained(settings.path):
                _placeholder(folder, name, _modified(system, entry))
            fetch[name] = _fetcher(system, str(entry["name"]), settings.path, settings.limits)
    return LocalFiles(settings.model_copy(update={"path": pattern}), str(folder), fetch)


def _filesystem(path: str, scheme: str) -> tuple[Any, str]:
    trust()
    try:
        import fsspec

        core: Any = fsspec.core
        with _explained(path):
            system, root = core.url_to_fs(path)
    except (ImportError, ValueError) as error:
        extra = _EXTRAS.get(scheme)
        hint = install_command(extra) if extra else "write a local path, https://, s3://, gs:// or sftp://"
        raise bad_config(f"{scheme}:// cannot be read here: {error}", hint=hint) from error
    return system, str(root)


def _modified(system: Any, entry: Mapping[str, Any]) -> datetime:
    """When the file was last written, by whichever key its file system has for it."""
    found = next(
        (entry[key] for key in ("LastModified", "mtime", "updated", "last_modified") if entry.get(key)), None
    )
    if found is None:
        found = system.modified(entry["name"])
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    if not isinstance(found, datetime):
        return datetime.fromtimestamp(float(found), UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _fetcher(system: Any, name: str, path: str, limits: FileLimits) -> Callable[[Path], None]:
    def fetch(target: Path) -> None:
        with _explained(path), system.open(name, "rb") as source:
            copied(chunks_of(source), target, path, limits)

    return fetch


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """What a file system's own library raises, in terms of what to do next. Its text may hold addresses, no secrets."""
    try:
        yield
    except (NoValueError, ImportError, ValueError, AccessError, DataError):
        raise
    except PermissionError as error:
        raise NoValueError(
            Cause.ACCESS, f"{path} may not be read: {error}", hint="check this machine's credentials for it"
        ) from error
    except FileNotFoundError as error:
        raise NoValueError(
            Cause.UNAVAILABLE, f"there is no such place: {path}", hint="check path and the export job"
        ) from error
    except Exception as error:  # each of the libraries behind fsspec has errors of its own
        if (blocked := obstacle(error, path)) is not None:
            raise blocked from error
        raise NoValueError(
            Cause.UNAVAILABLE,
            f"{path} cannot be read: {type(error).__name__}: {error}",
            hint="run again later",
        ) from error
