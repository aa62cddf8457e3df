"""Call Notion's API over HTTP with one token; no other module calls ``notion_client``.

Its own retrying is off (it never repeats a timeout, a cut connection, a 502, 504 or 529, nor any query), its console
logger is replaced, and its context manager, which would swap our HTTP client for another, is not used.
"""

from __future__ import annotations

import hashlib
import logging
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Final, TypeVar

from okrsync.connector import on_this_machine
from okrsync.errors import OkrsyncError, Unavailable
from okrsync.http import USER_AGENT, Again, Limiter, limiter, patiently
from okrsync.network import note_date, trust
from okrsync.ports import ConnectorContext
from okrsync_notion import answers
from okrsync_notion.answer_stream import bound
from okrsync_notion.http_errors import ROWS, TABLES, NotFound, Passing, Refused, at_block_limit, verdict
from okrsync_notion.library import httpx, notion_client
from okrsync_notion.settings import NotionSettings

VERSION: Final = "2026-03-11"
# No page and no table has this id.
NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
# Notion gives up on a request after 60 seconds; waiting longer lets its own answer arrive.
TIMEOUT: Final = httpx.Timeout(75.0, connect=5.0)
_SILENT: Final = logging.getLogger("okrsync.notion.wire")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
T = TypeVar("T")


class Notion:
    """Notion's API with one token. Answers are JSON objects; every method but ``patch`` waits out what may pass.

    Connects at the first request. Raises ``AccessError`` (``NotFound`` for 404), ``Unavailable`` and ``DataError``
    (``Refused`` for 400), with Notion's request id in the text.
    """

    def __init__(self, settings: NotionSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._clock = context.clock

    @cached_property
    def fingerprint(self) -> str:
        """A short digest that tells this token from another one, and tells nothing about it."""
        return hashlib.sha256(self._token.encode()).hexdigest()[:12]

    def me(self, attempts: int = 6) -> dict[str, Any]:
        return self._ask(
            "asking Notion who the token is", lambda: answers.user(self._wire.users.me), attempts
        )

    def user(self, user: str) -> dict[str, Any]:
        return self._ask(
            "asking Notion for a user",
            lambda: answers.user(lambda: self._wire.users.retrieve(user)),
            attempts=2,
        )

    def database(self, database: str) -> dict[str, Any]:
        return self._ask(
            "reading the database",
            lambda: answers.database(lambda: self._wire.databases.retrieve(database)),
        )

    def data_source(self, source: str) -> dict[str, Any]:
        return self._ask(
            "reading the data source",
            lambda: answers.data_source(lambda: self._wire.data_sources.retrieve(source)),
        )

    def search_data_sources(self, cursor: str | None = None) -> dict[str, Any]:
        """One page of the data sources that are shared with the token, as far as Notion's search knows them."""
        body: dict[str, Any] = {"filter": {"property": "object", "value": "data_source"}, "page_size": 100}
        body |= {"start_cursor": cursor} if cursor else {}
        return self._ask("listing the databases", lambda: answers.search(lambda: self._wire.search(**body)))

    def query(self, source: str, properties: Sequence[str], body: Mapping[str, Any]) -> dict[str, Any]:
        """One page of a data source's rows, with only the ``properties`` (unquoted ids)."""
        ids = list(properties)
        return self._ask(
            "reading the rows",
            lambda: answers.rows(
                lambda: self._wire.data_sources.query(source, filter_properties=ids, **body)
            ),
        )

    def page(self, page: str, properties: Sequence[str] = ()) -> dict[str, Any]:
        chosen = {"filter_properties": list(properties)} if properties else {}
        return self._ask(
            "reading the row", lambda: answers.page(lambda: self._wire.pages.retrieve(page, **chosen))
        )

    def children(self, page: str, cursor: str | None = None) -> dict[str, Any]:
        """One page of the list of a page's blocks."""
        after = {"start_cursor": cursor} if cursor else {}
        return self._ask(
            "reading the page",
            lambda: answers.blocks(lambda: self._wire.blocks.children.list(page, page_size=100, **after)),
        )

    def create_database(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a database, once: a failure after which it may be there goes up raw (see ``passing``)."""
        return self._creating(
            "creating the database", lambda: answers.database(lambda: self._wire.databases.create(**body))
        )

    def change_data_source(self, source: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Add columns or change them. Never give a column None: that deletes it with all it holds."""
        assert all(change is not None for change in properties.values())
        return self._ask(
            "changing the columns",
            lambda: answers.data_source(
                lambda: self._wire.data_sources.update(source, properties=dict(properties))
            ),
        )

    def create_view(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a view, once. Raises ``Unavailable`` if it may have been made all the same."""
        what = "creating the view"
        try:
            return self._creating(what, lambda: answers.view(lambda: self._wire.views.create(**body)))
        except Exception as error:
            passing = self.passing(error)
            if passing is None:
                raise
            raise Unavailable(f"{what}: {passing.again.reason}; it may be there all the same") from error

    def create_page(self, source: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Add a row, once: a failure after which it may be there goes up raw (see ``passing``)."""
        parent = {"type": "data_source_id", "data_source_id": source}
        return self._creating(
            "adding a row",
            lambda: answers.page(lambda: self._wire.pages.create(parent=parent, properties=dict(properties))),
            ROWS,
        )

    def patch(self, page: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Send one PATCH, once. Its failures go up raw: only ``carefully`` may call this."""
        return answers.page(lambda: self._wire.pages.update(page, properties=dict(properties)))

    def may_update(self) -> None:
        """Ask to change a page that does not exist: nothing can be written. Raises ``AccessError`` if it may not.

        Unknown: whether Notion looks for the page before it asks for the capability; its documentation says that
        capabilities decide which endpoints may be called, and its refusal speaks of the endpoint.
        """
        what = "asking whether rows may be changed (with a page that does not exist)"
        with suppress(NotFound, Refused):
            self._ask(what, lambda: self.patch(NOWHERE, {}), attempts=2)

    def may_insert(self) -> None:
        """As ``may_update``, of adding a row to a table that does not exist."""
        with suppress(NotFound, Refused):
            self.create_page(NOWHERE, {})

    def put(self, page: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Write into a page that was just made and that nobody else has seen: it may be repeated."""
        return self._ask("finishing the new row", lambda: self.patch(page, properties))

    def carefully(self, what: str, attempt: Callable[[], T]) -> T:
        """Run ``attempt``, which reads, decides and sends at most one PATCH, until it ends well or for good.

        The PATCH's turn is taken before ``attempt`` reads, so that nothing waits between its reading and its writing.
        """
        return self._patiently(what, attempt)

    def passing(self, error: Exception) -> Passing | None:
        """What ``error`` means if it may pass, else None."""
        meaning = self._judge(error, "")
        return meaning if isinstance(meaning, Passing) else None

    def _creating(self, what: str, call: Callable[[], dict[str, Any]], step: str = TABLES) -> dict[str, Any]:
        """Create something that carries no key: repeated only if it surely was not carried out."""
        try:
            return self._patiently(what, call, keyless=True)
        except OkrsyncError as error:
            raise at_block_limit(error, step) or error from None

    def _ask(self, what: str, call: Callable[[], dict[str, Any]], attempts: int = 6) -> dict[str, Any]:
        return self._patiently(what, call, attempts)

    def _patiently(self, what: str, call: Callable[[], T], attempts: int = 6, *, keyless: bool = False) -> T:
        def again(error: Exception) -> Again | None:
            found = self.passing(error)
            return None if found is None or (keyless and found.landed) else found.again

        try:
            return patiently(
                call, clock=self._clock, limit=self._limiter, again=again, what=what, attempts=attempts
            )
        except Exception as error:
            meaning = self._judge(error, what)
            if isinstance(meaning, OkrsyncError):
                raise meaning from error
            raise

    def _judge(self, error: Exception, what: str) -> Passing | OkrsyncError | None:
        return verdict(error, what, token=str(self._settings.token), now=self._clock.now())

    @cached_property
    def _token(self) -> str:
        return self._settings.token.reveal()

    @cached_property
    def _limiter(self) -> Limiter:
        rate = float(self._settings.requests_per_second)
        return limiter(self._clock, ("notion", self._token), rate=rate, burst=self._settings.burst)

    @cached_property
    def _wire(self) -> notion_client.Client:
        trust()
        # A proxy from the environment would capture what is meant for this machine.
        http = httpx.Client(
            trust_env=not on_this_machine(self._settings.url),
            # To read all certificates takes longer than a request, and without TLS there is none to verify.
            verify=self._settings.url.startswith("https:"),
            event_hooks={"response": [_note_date, bound]},
        )
        wire = notion_client.Client(
            auth=self._token,
            base_url=self._settings.url,
            notion_version=VERSION,
            retry=False,
            logger=_SILENT,
            log_level=logging.CRITICAL,
            client=http,
        )
        # The constructor has overwritten both.
        http.timeout = TIMEOUT
        http.headers["User-Agent"] = USER_AGENT
        http.headers["Accept-Encoding"] = "gzip, deflate"
        weakref.finalize(self, http.close)
        return wire


def _note_date(response: httpx.Response) -> None:
    note_date(str(response.url), response.headers.get("Date"))
