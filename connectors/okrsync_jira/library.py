"""Call the ``jira`` library, without its paging, its retries and its needless requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jira import JIRA

from okrsync.answer_size import bound
from okrsync.http import USER_AGENT
from okrsync.network import trust
from okrsync_jira.settings import Anonymous, ApiToken, Auth, Password, ScopedToken

TIMEOUT: Final = (5.0, 60.0)
# A longer JQL does not fit into every proxy's idea of an address.
LONGEST_ADDRESS: Final = 1500


class LeanJIRA(JIRA):
    """The library without its needless calls: it is given ids of fields, so it need not read all their names."""

    @property
    def _fields_cache(self) -> dict[str, str]:
        return {}

    def server_info(self) -> dict[str, Any]:
        """serverInfo, once: the library asks up to four times if the answer is empty."""
        answer: dict[str, Any] = self._get_json("serverInfo")
        return answer

    def token_page(self, jql: str, fields: Sequence[str], size: int, token: str | None) -> Any:
        """A page of Cloud's search.

        Values are read by GET if the address is short enough: only there Jira can be asked to fail, and not to leave
        out without a word the values that it could not load.
        """
        if list(fields) != ["key"] and len(jql) <= LONGEST_ADDRESS:
            sent = {"jql": jql, "fields": list(fields), "maxResults": size, "failFast": "true"}
            return self._get_json("search/jql", params=sent | ({"nextPageToken": token} if token else {}))
        return self.enhanced_search_issues(
            jql,
            nextPageToken=token,
            maxResults=size,
            fields=list(fields),
            # The library would send null for both, which is outside Jira's own description of this request.
            expand="",
            properties=[],
            json_result=True,
            use_post=True,
        )

    def numbered_page(
        self, jql: str, fields: Sequence[str], size: int, start: int, expand: Sequence[str] = ()
    ) -> Any:
        """A page of Data Center's search.

        There ``expand`` is a list; the library would send a text, which Data Center's JSON reader refuses.
        """
        sent: dict[str, Any] = {"jql": jql, "startAt": start, "maxResults": size, "fields": list(fields)}
        sent |= {"expand": list(expand)} if expand else {}
        return self._get_json("search", params=sent, use_post=True)

    def changes_page(self, issues: Sequence[str], fields: Sequence[str], size: int, token: str | None) -> Any:
        """A page of Cloud's changelogs of many issues (ids); of these fields, or of all if there are none."""
        sent: dict[str, Any] = {"issueIdsOrKeys": list(issues), "maxResults": size}
        sent |= {"fieldIds": list(fields)} if fields else {}
        sent |= {"nextPageToken": token} if token else {}
        return self._get_json("changelog/bulkfetch", params=sent, use_post=True)

    def all_statuses(self) -> Any:
        return self._get_json("status")

    def listed(self, path: str, asked: Mapping[str, Any]) -> Any:
        """A list of projects or filters, in one page."""
        return self._get_json(path, params=dict(asked))

    def board_page(self, path: str, start: int) -> Any:
        """A page of what a board holds, or the board's configuration, which has no pages."""
        asked = {"startAt": start, "maxResults": 50, "state": "closed"} if path.endswith("/sprint") else {}
        return self._get_json(f"board/{path}", params=asked, base=self.AGILE_BASE_URL)

    def total(self, jql: str) -> Any:
        """Data Center's answer to how many, without any issue; the library's own search warns of a page of 0."""
        return self._get_json(
            "search", params={"jql": jql, "maxResults": 0, "fields": ["key"]}, use_post=True
        )

    def watch(self, look: Callable[..., None]) -> None:
        """Have every answer looked at before the library makes anything of it."""
        self._session.hooks["response"] += [look, bound]
        if self._session.auth is None:
            # Else requests would sign in with whatever it finds in a .netrc file.
            self._session.auth = lambda request: request


def credential_of(auth: Auth) -> dict[str, Any]:
    """The library's arguments for signing in. Raises ``AccessError`` if a secret is missing."""
    if isinstance(auth, Anonymous):
        return {}
    if isinstance(auth, Password):
        return {"basic_auth": _in_utf8(auth.user, auth.password.reveal())}
    if isinstance(auth, ApiToken | ScopedToken):
        return {"basic_auth": _in_utf8(auth.email, auth.token.reveal())}
    return {"token_auth": auth.token.reveal()}


def _in_utf8(name: str, secret: str) -> tuple[bytes, bytes]:
    """Left to itself, requests encodes as Latin-1, and breaks off at the first letter that is not in it."""
    return name.encode(), secret.encode()


def connect(base: str, credential: Mapping[str, Any]) -> LeanJIRA:
    # Names of statuses and errors come in the account's language unless English is forced.
    trust()
    headers = {"User-Agent": USER_AGENT, "Accept-Language": "en", "X-Force-Accept-Language": "true"}
    return LeanJIRA(
        options={"server": base, "headers": headers},
        get_server_info=False,
        logging=False,
        max_retries=0,
        timeout=TIMEOUT,
        **credential,
    )
