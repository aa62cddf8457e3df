"""Answer as Google's token server, which checks the signature of what google-auth sends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

EMAIL: Final = "okrsync@demo.iam.gserviceaccount.com"
READ_ONLY: Final = "https://www.googleapis.com/auth/spreadsheets.readonly"
KNOWN_SCOPES: Final = frozenset(
    f"https://www.googleapis.com/auth/{name}"
    for name in ("spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly", "drive.file")
)
LIFETIME: Final = 3599
# google-auth names Google as the audience whatever the credential's token_uri is.
GOOGLE: Final = "https://oauth2.googleapis.com/token"
_JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def _key() -> tuple[str, str]:
    """One RSA key for the process, as PEM: private and public. Made on first use."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    # Short on purpose: it loads ten times faster, and opens nothing but this server.
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - guards made-up data
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an access token means."""

    account: str
    scopes: frozenset[str]
    ends: float


class TokenServer:
    """Hands out access tokens. ``scopes`` is every scope that was ever asked for; ``revoked`` accounts get none."""

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self.url = url
        self.scopes: set[str] = set()
        self.revoked: set[str] = set()
        self._monotonic = monotonic
        self._grants: dict[str, Grant] = {}
        self._refresh = {"a-refresh-token": "person@demo.example"}

    def service_account(self, email: str = EMAIL) -> str:
        """The JSON of a service account's key that this server accepts."""
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "demo",
                "private_key_id": "demo-key",
                "private_key": _key()[0],
                "client_email": email,
                "client_id": "1",
                "token_uri": self.url,
            }
        )

    def authorized_user(self) -> str:
        """The JSON of a person's credential that this server accepts."""
        return json.dumps(
            {
                "type": "authorized_user",
                "client_id": "demo.apps.googleusercontent.com",
                "client_secret": "a-client-secret",
                "refresh_token": "a-refresh-token",
                "token_uri": self.url,
            }
        )

    def expire(self) -> None:
        """All access tokens end now."""
        self._grants.clear()

    def grant(self, token: str) -> Grant | None:
        found = self._grants.get(token)
        return found if found is not None and self._monotonic() < found.ends else None

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a token request: its status and JSON."""
        if form.get("grant_type") == _JWT_GRANT:
            return self._by_assertion(form.get("assertion", ""))
        if form.get("grant_type") == "refresh_token":
            return self._by_refresh(form)
        return 400, _error("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")

    def _by_assertion(self, assertion: str) -> tuple[int, dict[str, Any]]:
        from google.auth import exceptions, jwt

        try:
            claims = jwt.decode(assertion, certs={"demo-key": _key()[1]}, audience=[GOOGLE, self.url])  # type: ignore[no-untyped-call]
        except (exceptions.GoogleAuthError, ValueError):
            return 400, _error("invalid_grant", "Invalid JWT Signature.")
        if claims["iss"] in self.revoked:
            return 400, _error("invalid_grant", "Invalid grant: account not found")
        return self._issue(str(claims["iss"]), str(claims.get("scope", "")))

    def _by_refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        account = self._refresh.get(form.get("refresh_token", ""))
        if account is None or account in self.revoked:
            return 400, _error("invalid_grant", "Token has been expired or revoked.")
        if form.get("client_secret") != "a-client-secret":
            return 401, _error("invalid_client", "The OAuth client was not found.")
        return self._issue(account, form.get("scope", READ_ONLY))

    def _issue(self, account: str, scope: str) -> tuple[int, dict[str, Any]]:
        scopes = frozenset(scope.split())
        self.scopes |= scopes
        if not scopes or not scopes <= KNOWN_SCOPES:
            return 400, _error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._grants[token] = Grant(account=account, scopes=scopes, ends=self._monotonic() + LIFETIME)
        return 200, {
            "access_token": token,
            "expires_in": LIFETIME,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }


def _error(kind: str, description: str) -> dict[str, Any]:
    return {"error": kind, "error_description": description}
