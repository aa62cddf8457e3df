"""Send requests to Google through gspread's ``HTTPClient``; no other module talks to Google."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import requests
from google.auth.exceptions import GoogleAuthError

from okrsync.errors import AccessError, ConfigError, OkrsyncError, Unavailable
from okrsync.http import USER_AGENT, Again, limiter, patiently
from okrsync.network import session
from okrsync.ports import Clock
from okrsync.redaction import redact
from okrsync_sheets.credentials import SCOPE, Identity, identity, refresh, token_transport
from okrsync_sheets.google_errors import GoogleError, IncompleteError, google_error, passing, passing_sign_in
from okrsync_sheets.library import HTTPClient
from okrsync_sheets.settings import SheetsSettings
from okrsync_sheets.shapes import SPREADSHEET, VALUES, Shape, WrongShapeError, shaped

TIMEOUT: Final = (10, 180)
QUERY_LENGTH: Final = 1800
TABS: Final = (
    "properties(title,locale,timeZone),"
    "sheets(properties(sheetId,title,index,hidden,gridProperties(rowCount,columnCount)),merges),"
    "namedRanges(name,range)"
)
T = TypeVar("T")


class BadRange(Exception):
    """Google refused the ranges of a request; at least one of them is wrong, and it says only of one which."""


class _Http(HTTPClient):
    """gspread's client with another origin, timeouts and okrsync's name; it sends each request once.

    The credential's header is set here and not by google-auth's session, which would repeat requests on its own and
    ask a second Google service for regional access boundaries behind our back.
    """

    def __init__(self, origin: str, credentials: Any, clock: Clock) -> None:
        super().__init__(None, session=session(origin))  # type: ignore[arg-type]  # as gspread documents it
        self.session.headers["User-Agent"] = USER_AGENT
        self._origin = origin
        self._credentials = credentials
        self._clock = clock

    def request(
        self, method: str, endpoint: str, params: Any = None, *_: Any, **__: Any
    ) -> requests.Response:
        headers: dict[str, str] = {}
        self._credentials.apply(headers)
        url = self._origin + urlsplit(endpoint).path
        response = self.session.request(
            method, url, params=params, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if response.status_code != 200:
            raise google_error(response, self._clock)
        return response


class SheetsClient:
    """Reads for one connection, from several threads at once.

    Raises ``AccessError`` (credential or sharing), ``ConfigError`` (no such spreadsheet), ``Unavailable`` after every
    retry, and ``BadRange``. Connects lazily: the secret is read and the token fetched before the first request.
    """

    def __init__(self, settings: SheetsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self.identity: Identity = identity(settings)
        self._http = _Http(settings.url, self.identity.credentials, clock)
        self._transport = token_transport(session(settings.url))
        # Never more than the quota in any minute: the burst and what trickles in after it add up to it.
        burst = max(1, settings.reads_per_minute // 6)
        rate = (settings.reads_per_minute - burst) / 60
        self._limit = limiter(
            clock,
            ("sheets", settings.url, self.identity.limit),
            rate=rate,
            burst=burst,
        )

    def values(self, spreadsheet: str, ranges: Sequence[str]) -> list[Mapping[str, Any]]:
        """The unformatted values of ``ranges``, in order, with one request."""
        options = {
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "SERIAL_NUMBER",
            "fields": "valueRanges(range,values)",
        }

        def call() -> list[Mapping[str, Any]]:
            found = _read(
                lambda: self._http.values_batch_get(spreadsheet, list(ranges), dict(options)), VALUES
            )
            blocks: list[Mapping[str, Any]] = found.get("valueRanges", [])
            if len(blocks) != len(ranges) or not all("range" in block for block in blocks):
                raise IncompleteError
            return blocks

        return self._send(call, spreadsheet)

    def metadata(self, spreadsheet: str, fields: str = TABS, ranges: Sequence[str] = ()) -> Mapping[str, Any]:
        """The spreadsheet's ``fields``, cut down to ``ranges`` if cells are among them."""

        def call() -> Mapping[str, Any]:
            params: dict[str, Any] = {"fields": fields}
            if ranges:
                params["ranges"] = list(ranges)
            found: Mapping[str, Any] = _read(
                lambda: self._http.fetch_sheet_metadata(spreadsheet, params), SPREADSHEET
            )
            tabs = found.get("sheets", [])
            # Every spreadsheet has a tab, every tab has a title, and all our masks ask for it.
            if not tabs or not all(tab.get("properties", {}).get("title") for tab in tabs):
                raise IncompleteError
            return found

        try:
            return self._send(call, spreadsheet)
        except BadRange as refusal:
            # The ranges were made from what Google said of the tabs a moment ago.
            raise Unavailable(
                f"spreadsheet {spreadsheet}: Google refuses what it told us to ask for: {refusal}",
                hint="run again: a tab was changed meanwhile",
            ) from None

    def sign_in(self) -> None:
        """Fetch a token unless a fresh one is at hand. Raises ``AccessError`` or ``Unavailable``."""
        credentials = self.identity.credentials
        with self._lock:
            if credentials.valid:
                return
            try:
                patiently(
                    lambda: refresh(credentials, self._transport),
                    clock=self._clock,
                    limit=self._limit,
                    again=passing_sign_in,
                    what="Google sign-in",
                )
            except GoogleAuthError as error:
                raise self._unaccepted(error) from None

    def _send(self, call: Callable[[], T], spreadsheet: str) -> T:
        renewed = False

        def again(error: Exception) -> Again | None:
            nonlocal renewed
            if isinstance(error, GoogleError) and error.code == 401 and not renewed:
                # A token can end before its time; one new token, then the answer counts.
                renewed = True
                self.identity.credentials.token = None
                return Again("the access token was not accepted", after=0.0)
            return passing(error)

        def signed_in() -> T:
            self.sign_in()
            return call()

        try:
            return patiently(
                signed_in,
                clock=self._clock,
                limit=self._limit,
                again=again,
                what=f"spreadsheet {spreadsheet}",
            )
        except GoogleError as refused:
            raise self._translated(refused, spreadsheet) from None

    def _unaccepted(self, error: GoogleAuthError) -> AccessError:
        said = redact(str(error.args[0] if error.args else error))
        hint = "make a new key for it and put it where the credential is kept"
        if "invalid_grant" in said:
            hint += "; if the key is fresh, set this machine's clock"
        if "invalid_scope" in said or "unauthorized" in said:
            hint = f"sign in again with the scope {SCOPE}"
        return AccessError(f"Google does not accept the {self._who()}: {said}", hint=hint)

    def _who(self) -> str:
        about = self.identity
        return f"{about.kind} {about.account}" if about.account else about.kind

    def _translated(self, refused: GoogleError, spreadsheet: str) -> Exception:
        said = redact(refused.message)
        if not refused.message:
            return Unavailable(
                f"spreadsheet {spreadsheet}: the answer was {refused.code} and did not come from the Sheets API",
                hint="check the connection's url, and any proxy between here and Google",
            )
        if refused.code == 404:
            return ConfigError(
                f"Google knows no spreadsheet {spreadsheet}",
                hint="copy its address from the browser again; it may be deleted",
            )
        if refused.code == 400 and "API_KEY_INVALID" in refused.reasons:
            return AccessError(f"Google does not accept the API key: {said}", hint="make a new API key")
        if refused.code == 400 and refused.status == "FAILED_PRECONDITION":
            return ConfigError(
                f"spreadsheet {spreadsheet} is not a Google Sheet: {said}",
                hint="if it is an Excel file, open it and choose File > Save as Google Sheets, then use the new address",
            )
        if refused.code == 400:
            return BadRange(said)
        if refused.code in {401, 403}:
            return self._denied(refused, said, spreadsheet)
        return Unavailable(
            f"spreadsheet {spreadsheet}: Google answered {refused.code}: {said}", hint="run again later"
        )

    def _denied(self, refused: GoogleError, said: str, spreadsheet: str) -> OkrsyncError:
        what = f"spreadsheet {spreadsheet}"
        if refused.code == 401:
            return AccessError(
                f"{what}: Google does not accept the {self._who()}: {said}", hint="renew the credential"
            )
        if refused.reasons & {"SERVICE_DISABLED", "accessNotConfigured"}:
            return AccessError(
                f"{what}: {said}", hint="enable the Google Sheets API in that project, wait, run again"
            )
        if refused.reasons & {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"}:
            return AccessError(f"{what}: {said}", hint=f"sign in again with the scope {SCOPE}")
        if self.identity.kind == "API key":
            hint = "an API key reads public spreadsheets only: share it with anyone who has the link, or use credentials"
        elif self.identity.account:
            hint = f"share the sheet with {self.identity.account} (viewer is enough)"
        else:
            hint = "share the sheet with the account that the credential belongs to (viewer is enough)"
        return AccessError(f"{what} is not shared with the {self._who()}: {said}", hint=hint)


def _read(call: Callable[[], Any], shape: Shape) -> Any:
    """What ``call`` gets from Google, in ``shape``. Raises ``IncompleteError`` for anything else that may arrive."""
    try:
        return shaped(call(), shape)
    except (WrongShapeError, RecursionError):
        raise IncompleteError from None
    except ValueError as error:
        # Also a number of thousands of digits is one; requests' own errors say what else they are.
        if isinstance(error, requests.RequestException):
            raise
        raise IncompleteError from None


def query_length(ranges: Sequence[str]) -> int:
    """How long ``ranges`` are in the address of a request, which long ones make fail."""
    return sum(len("ranges=&") + len(quote(text, safe="")) for text in ranges)
