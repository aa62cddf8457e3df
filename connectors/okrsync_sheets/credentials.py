# mypy: allow-untyped-calls
# google-auth carries no annotations on what is called here.
"""Make google-auth credentials that may do one thing: read spreadsheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import google.auth
import requests
from google.auth.api_key import Credentials as ApiKey
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as User
from google.oauth2.service_account import Credentials as ServiceAccount

from okrsync.connector import is_encrypted, passes
from okrsync.errors import AccessError, Unavailable
from okrsync.redaction import conceal
from okrsync_sheets.key_file import KeyFile
from okrsync_sheets.settings import SheetsSettings

SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets.readonly"
_TIMEOUT: Final = (10, 60)
_UNREADABLE: Final = "the token server answered with something that is no token"
_PASSING: Final = ("internal_failure", "server_error", "temporarily_unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """``account`` is the e-mail that a spreadsheet must be shared with, if it is known; ``kind`` is for messages.

    ``limit`` tells credentials apart that have quotas of their own; it holds no secret.
    """

    credentials: Any
    kind: str
    account: str
    limit: str


def identity(settings: SheetsSettings) -> Identity:
    """The credential of a connection. Sends no request. Raises ``AccessError``; what it says holds no secret."""
    if settings.api_key is not None:
        key = settings.api_key.reveal()
        return Identity(credentials=ApiKey(key), kind="API key", account="", limit=f"key {hash(key)}")
    if settings.credentials is not None:
        return _from_json(settings.credentials)
    try:
        found, _project = google.auth.default(scopes=[SCOPE])
    except (DefaultCredentialsError, ValueError) as error:
        raise AccessError(
            "adc: this machine has no usable application default credentials",
            hint=f"set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login --scopes={SCOPE}",
        ) from error
    account = str(getattr(found, "service_account_email", "") or "")
    return Identity(
        credentials=found, kind="application default credentials", account=account, limit=f"adc {account}"
    )


def _from_json(secret: KeyFile) -> Identity:
    info = secret.contents()
    kind = info.get("type")
    server = str(info.get("token_uri", ""))
    if server and not is_encrypted(server):
        raise AccessError(
            f"the {secret} names {server} as its token server, to which it would be sent unencrypted",
            hint="download the key again and put the whole file there",
        )
    # Nothing below may chain the parser's own error: it quotes the key.
    try:
        if kind == "service_account":
            account = str(info.get("client_email", ""))
            found: Any = ServiceAccount.from_service_account_info(info, scopes=[SCOPE])
            return Identity(
                credentials=found, kind="service account", account=account, limit=f"account {account}"
            )
        if kind == "authorized_user":
            found = User.from_authorized_user_info(info, scopes=[SCOPE])
            if "token_uri" in info:  # google-auth reads it from service accounts only
                found = found.with_token_uri(info["token_uri"])
            token = hash(info["refresh_token"])
            return Identity(credentials=found, kind="authorized user", account="", limit=f"user {token}")
    except (ValueError, KeyError, TypeError, GoogleAuthError):
        raise AccessError(
            f"the {secret} holds a damaged {str(kind).replace('_', ' ')}: a field is missing or its key is cut",
            hint="download the key again and put the whole file there",
        ) from None
    if {"installed", "web"} & info.keys():
        raise AccessError(
            f"the {secret} holds an OAuth client, which is no credential yet",
            hint="create a service account and download its key",
        )
    raise AccessError(
        f"the {secret} holds a credential of the type {kind!r}; okrsync reads service_account and authorized_user",
        hint="for workload identity and impersonation write adc: true and set GOOGLE_APPLICATION_CREDENTIALS",
    )


def refresh(credentials: Any, transport: Callable[..., Any]) -> None:
    """Fetch a token. Raises ``GoogleAuthError``: ``TransportError`` if the answer is none of a token server.

    google-auth reads the answer with whatever error its shape leads to.
    """
    try:
        credentials.refresh(transport)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise TransportError(_UNREADABLE) from None
    except RefreshError as error:
        if str(error.args[0] if error.args else "").startswith("No access token"):
            raise TransportError(_UNREADABLE) from None
        raise
    if not isinstance(credentials.token, str) or not credentials.token:
        raise TransportError(_UNREADABLE)
    conceal(credentials.token, passing=True)


def token_transport(session: requests.Session) -> Callable[..., Any]:
    """How google-auth may ask for a token: one request, no waiting.

    google-auth repeats a failed token request by itself and sleeps for real between; an answer it would repeat is
    raised here instead, and repeated by the one policy of okrsync.
    """
    transport = Request(session)

    def ask(url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        for name, sent in parse_qsl(body.decode() if isinstance(body, bytes) else ""):
            if name == "assertion":
                conceal(sent, passing=True)
        response = transport(url, method=method, body=body, headers=headers, timeout=_TIMEOUT)
        if not passes(response.status) and response.data.lstrip()[:1] == b"<":
            raise Unavailable(
                f"something between okrsync and Google answers {response.status} with a web page instead of a token",
                hint="look at proxies, firewalls and sign-in pages of the network",
            )
        passing = response.status >= 400 and any(word in str(response.data) for word in _PASSING)
        if passes(response.status) or passing:
            raise TransportError(f"the token server answered {response.status}")
        return response

    return ask
