"""Exports that lie elsewhere: fetched by requests over https, by fsspec from anywhere else."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from okrsync.extras import install_command
from okrsync.model import Cause
from okrsync_crm import CrmSettings
from tests.support.crm_exports import NOW, Exports, ask

CSV = b"id,stage\n1,Won\n2,Won\n3,Lost\n"
WON: dict[str, Any] = {"measure": "count", "where": {"stage": "Won"}}
FRESH = format_datetime(datetime(2026, 11, 23, 5, 0, tzinfo=UTC), usegmt=True)


class Site:
    """A web server that answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {"Last-Modified": FRESH}, CSV)]
        self.asked: list[tuple[str, str | None]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, self.headers.get("Authorization")))
                status, headers, body = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/exports/deals.csv?signature=abc"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def test_all_questions_share_one_request(exports: Exports, site: Site) -> None:
    answers = exports.read(ask(**WON), ask(measure="count"), path=site.url, stale_after="1d")
    assert [getattr(one, "value", one) for one in answers] == [Decimal(2), Decimal(3)]
    assert len(site.asked) == 1
    assert answers[0].evidence.query == "count of rows where stage = Won (deals.csv)"  # type: ignore[union-attr]


def test_the_token_is_sent_and_never_said(
    exports: Exports, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORT_TOKEN", "s3cret-token")
    site.answers = [(403, {}, b"no")]
    said = exports.refusal(ask(**WON), Cause.ACCESS, path=site.url, token={"env": "EXPORT_TOKEN"})
    assert site.asked[0][1] == "Bearer s3cret-token"
    assert "s3cret" not in said
    assert "signature" not in said


def test_a_stale_file_is_stale_by_what_the_server_says(exports: Exports, site: Site) -> None:
    old = format_datetime(datetime(2026, 11, 1, tzinfo=UTC), usegmt=True)
    site.answers = [(200, {"Last-Modified": old}, CSV)]
    assert "22 d old" in exports.refusal(ask(**WON), Cause.DATA, path=site.url, stale_after="2d")


def test_an_unknown_age_is_not_fresh(exports: Exports, site: Site) -> None:
    site.answers = [(200, {}, CSV)]
    said = exports.refusal(ask(**WON), Cause.DATA, path=site.url, stale_after="2d")
    assert "does not say how old it is" in said
    assert exports.value(ask(**WON), path=site.url) == 2


def test_a_server_in_trouble_is_asked_again(exports: Exports, site: Site) -> None:
    site.answers = [(503, {"Retry-After": "7"}, b""), (200, {"Last-Modified": FRESH}, CSV)]
    assert exports.value(ask(**WON), path=site.url) == 2
    assert len(site.asked) == 2


def test_a_body_cut_off_is_asked_again_and_never_counted(exports: Exports, site: Site) -> None:
    short = (200, {"Content-Length": str(len(CSV)), "Connection": "close"}, CSV[:-10])
    site.answers = [short, (200, {"Last-Modified": FRESH}, CSV)]
    assert exports.value(ask(measure="count"), path=site.url) == 3
    site.answers = [short]
    assert "ChunkedEncodingError" in exports.refusal(ask(measure="count"), Cause.UNAVAILABLE, path=site.url)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(404, Cause.UNAVAILABLE), (401, Cause.ACCESS), (418, Cause.DATA), (500, Cause.UNAVAILABLE)],
)
def test_what_is_no_file_is_no_number(exports: Exports, site: Site, status: int, cause: Cause) -> None:
    site.answers = [(status, {}, b"")]
    exports.refusal(ask(**WON), cause, path=site.url)


def test_a_login_page_is_no_export(exports: Exports, site: Site) -> None:
    site.answers = [(200, {"Last-Modified": FRESH}, b"<html>sign in</html>")]
    assert "web page" in exports.refusal(ask(**WON), Cause.DATA, path=site.url)


@pytest.mark.parametrize(
    "keys",
    [
        {"path": "http://exports.example/deals.csv"},
        {"path": "https://ada:pw@exports.example/deals.csv"},
        {"path": "https://exports.example/deals-*.csv"},
        {"path": "https://exports.example/deals-{date}.csv"},
        {"path": "deals.csv", "token": {"env": "X"}},
    ],
)
def test_what_should_not_be_written_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CrmSettings.model_validate(keys)


# ---- fsspec -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[Any]:
    import fsspec

    library: Any = fsspec
    system = library.filesystem("memory")
    system.mkdir("/bucket")
    for day, rows in (("2026-11-21", b"1,Won\n"), ("2026-11-22", b"1,Won\n2,Won\n")):
        with system.open(f"/bucket/deals-{day}.csv", "wb") as file:
            file.write(b"id,stage\n" + rows)
        system.store[f"/bucket/deals-{day}.csv"].modified = NOW.astimezone(UTC)
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_the_newest_of_a_bucket_is_read_and_only_that(exports: Exports, bucket: Any) -> None:
    opened: list[str] = []
    inner = type(bucket).open

    def watched(self: Any, path: str, *rest: Any, **keys: Any) -> Any:
        opened.append(path)
        return inner(self, path, *rest, **keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(bucket), "open", watched)
        path = "memory://bucket/deals-*.csv"
        answers = exports.read(ask(**WON), ask(measure="count"), path=path, stale_after="2d")
        assert [getattr(one, "value", one) for one in answers] == [2, 2]
    assert opened == ["/bucket/deals-2026-11-22.csv"]


def test_a_dated_file_answers_for_its_day(exports: Exports, bucket: Any) -> None:
    path = "memory://bucket/deals-{date}.csv"
    day = datetime(2026, 11, 21, 20, 0, tzinfo=NOW.tzinfo)
    assert exports.value(ask(**WON, at=day), path=path) == 1
    assert exports.value(ask(**WON), path=path, stale_after="2d") == 2


def test_an_old_object_is_stale(exports: Exports, bucket: Any) -> None:
    for name in bucket.store:
        bucket.store[name].modified = datetime(2026, 11, 1, tzinfo=UTC)
    path = "memory://bucket/deals-*.csv"
    assert "d old" in exports.refusal(ask(**WON), Cause.DATA, path=path, stale_after="2d")


def test_an_empty_place_is_no_data(exports: Exports, bucket: Any) -> None:
    assert "no file matches" in exports.refusal(ask(**WON), Cause.UNAVAILABLE, path="memory://bucket/x-*.csv")
    exports.refusal(ask(**WON), Cause.UNAVAILABLE, path="memory://nowhere/x-*.csv")


def test_only_the_name_may_be_a_pattern(exports: Exports, bucket: Any) -> None:
    said = exports.refusal(ask(**WON), Cause.CONFIG, path="memory://*/deals.csv")
    assert "only the file's name may be a pattern" in said


@pytest.mark.parametrize(("scheme", "extra"), [("s3", "s3"), ("gs", "gcs"), ("sftp", "sftp")])
def test_a_library_that_is_not_installed_is_named(exports: Exports, scheme: str, extra: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("s3fs", "gcsfs", "paramiko"):
            patch.setitem(sys.modules, module, None)
        said = exports.refusal(ask(**WON), Cause.CONFIG, path=f"{scheme}://bucket/deals.csv")
    assert install_command(extra) in said


def test_an_unknown_place_is_named(exports: Exports) -> None:
    assert "nonsense://" in exports.refusal(ask(**WON), Cause.CONFIG, path="nonsense://bucket/deals.csv")


def test_nothing_is_left_behind(exports: Exports, site: Site, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        exports.value(ask(**WON), path=site.url)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names only
