"""What Google refuses, breaks or delays, and what okrsync says and asks then."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from okrsync.errors import AccessError, OkrsyncError, Unavailable
from okrsync.loopback import Fault
from okrsync.model import Answer, Cause
from okrsync.ports import Finding
from okrsync_emulators.sheets import API_KEY
from okrsync_emulators.sheets.token import EMAIL, READ_ONLY
from okrsync_sheets import connector
from tests.support.spreadsheet import BOOK, DATA, KPI, World, question, seed, value, why

VALUES = "values:batchGet"
QUOTA = {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
OLD_QUOTA = {
    "error": {
        "code": 403,
        "message": "User Rate Limit Exceeded",
        "status": "PERMISSION_DENIED",
        "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded"}],
    }
}


def fault(world: World, where: str = VALUES, body: Any = b"", **changes: Any) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    world.emulator.server.faults.append(Fault(where=where, body=text, **changes))


def revenue(world: World, **settings: Any) -> Answer:
    (answer,) = world.read(question("revenue", cell="KPI!C2"), **settings)
    return answer


# ---- What passes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 500, "body": b"{}"},
        {"status": 502, "body": b"<html>Bad Gateway</html>", "headers": {"content-type": "text/html"}},
        {"status": 503, "body": b""},
        {"status": 408, "body": b""},
        {"status": 429, "body": json.dumps(QUOTA).encode()},
        {"status": 403, "body": json.dumps(OLD_QUOTA).encode()},
        {"status": 200, "body": b'{"valueRanges": [{"range": "KPI!C2", "val'},
        {"status": 200, "body": b"<html>sign in to the airport</html>"},
        {"status": 200, "body": b'{"valueRanges": []}'},
        {"status": 200, "body": b"[]"},
        {"status": 200, "body": b'{"valueRanges": [{}]}'},
        {"cut": "before"},
        {"cut": "after"},
    ],
)
def test_a_passing_fault_is_repeated(world: World, broken: dict[str, Any]) -> None:
    fault(world, times=2, **broken)
    assert value(revenue(world)) == 1200000
    assert world.count(VALUES) == 3
    assert world.count("POST /token") == 1
    assert len(world.clock.slept) == 2


def test_retry_after_is_honoured_in_full(world: World) -> None:
    fault(world, status=429, body=QUOTA, headers={"Retry-After": "37"})
    assert value(revenue(world)) == 1200000
    assert world.clock.slept == [37.0]


def test_a_spent_quota_is_waited_for_longer_than_a_minute(world: World) -> None:
    fault(world, status=429, body=QUOTA, times=5)
    assert value(revenue(world)) == 1200000
    assert sum(world.clock.slept) > 60


def test_a_quota_that_stays_spent_is_unavailable(world: World) -> None:
    fault(world, status=429, body=QUOTA, times=99)
    with pytest.raises(Unavailable, match="quota of reads per minute"):
        revenue(world)
    assert world.count(VALUES) == 6


def test_a_server_that_stays_down_is_unavailable_and_patience_ends(world: World) -> None:
    fault(world, status=503, times=99)
    with pytest.raises(Unavailable, match=rf"spreadsheet {BOOK}: Google answered 503 after 6 tries"):
        revenue(world)
    assert sum(world.clock.slept) < 180


def test_a_spreadsheet_that_is_down_costs_the_others_nothing(world: World) -> None:
    world.emulator.load(seed(id="other", tabs=[{"title": "KPI", "rows": [[5]]}]))
    fault(world, where=f"{BOOK}/values", status=503, times=99)
    down, well = world.read(question("a", cell="KPI!C2"), question("b", spreadsheet="other", cell="KPI!A1"))
    assert why(down).cause is Cause.UNAVAILABLE
    assert value(well) == 5


def test_metadata_that_is_down_costs_only_what_needs_it(world: World) -> None:
    fault(world, where=rf"{BOOK}\?", status=503, times=999)
    by_gid, again, plain, bad = world.read(
        question("a", gid=0, cell="C2"),
        question("b", gid=42, cell="B2"),
        question("c", cell="KPI!C2"),
        question("d", cell="KPY!C2"),
    )
    assert why(by_gid).cause is why(again).cause is Cause.UNAVAILABLE
    assert value(plain) == 1200000
    assert "could not be listed" in why(bad).hint
    assert world.count(rf"{BOOK}\?") == 6


def test_a_part_that_is_down_costs_the_other_parts_nothing(world: World) -> None:
    tab = {"title": "A rather long title with ümläuts", "rows": [[number] for number in range(60)]}
    world.emulator.load(seed(tabs=[tab]))
    fault(world, where=f"{VALUES}.*A1&", status=500, times=99)
    answers = world.read(*(question(f"m{row}", tab=tab["title"], cell=f"A{row + 1}") for row in range(60)))
    assert why(answers[0]).cause is Cause.UNAVAILABLE
    assert value(answers[59]) == 59


# ---- Loading --------------------------------------------------------------------------------------------------------


def test_a_cell_that_is_loading_is_asked_once_more_later(world: World) -> None:
    world.emulator.load(seed(tabs=[{"title": "KPI", "rows": [[{"loading": 1, "then": 5}, 6]]}]))
    late, ready = world.read(question("late", cell="KPI!A1"), question("ready", cell="KPI!B1"))
    assert [value(late), value(ready)] == [5, 6]
    assert world.clock.slept == [20.0]
    assert world.count(VALUES) == 2


def test_a_cell_that_keeps_loading_is_missing(world: World) -> None:
    world.emulator.load(seed(tabs=[{"title": "KPI", "rows": [["Q4"], [{"loading": 99, "then": 46327}, 1]]}]))
    queries: list[dict[str, Any]] = [
        {"cell": "KPI!A2"},
        {"range": "KPI!A1:A2", "measure": "count"},
        {"range": "KPI!A2:A", "measure": "max", "skip_text": True},
        {"tab": "KPI", "column": "Q4", "measure": "sum"},
        {"range": "KPI!B2:B", "dates": "KPI!A2:A"},
    ]
    answers = world.read(*(question(f"m{number}", **query) for number, query in enumerate(queries)))
    for answer in answers:
        assert why(answer).cause is Cause.UNAVAILABLE
        assert "KPI!A2 is still loading" in why(answer).reason
    assert world.count(VALUES) <= 3


# ---- Access -----------------------------------------------------------------------------------------------------------


def test_a_sheet_that_is_not_shared_says_with_whom_to_share_it(world: World) -> None:
    world.emulator.load(seed(shared_with=[]))
    with pytest.raises(AccessError, match="not shared with the service account") as caught:
        revenue(world)
    assert f"share the sheet with {EMAIL}" in caught.value.hint
    assert world.count(VALUES) == 1
    world.emulator.load(seed(id="other"))
    denied, well = world.read(question("a", cell="KPI!C2"), question("b", spreadsheet="other", cell="KPI!C2"))
    assert why(denied).cause is Cause.ACCESS
    assert EMAIL in why(denied).hint
    assert value(well) == 1200000


def test_not_shared_and_only_asked_by_gid_is_said_too(world: World) -> None:
    world.emulator.load(seed(shared_with=[]))
    with pytest.raises(AccessError, match="not shared"):
        world.read(question("a", gid=0, cell="C2"), question("b", gid=42, cell="B2"))
    assert world.count("") == 2


def test_an_api_that_is_switched_off_says_where_to_switch_it_on(world: World) -> None:
    world.emulator.disabled = True
    with pytest.raises(AccessError, match=r"overview\?project=123456") as caught:
        revenue(world)
    assert "enable the Google Sheets API" in caught.value.hint


def test_an_excel_file_is_named_as_one(world: World) -> None:
    world.emulator.excel.add(BOOK)
    answer = why(revenue(world))
    assert answer.cause is Cause.CONFIG
    assert "Save as Google Sheets" in answer.hint
    assert world.count(VALUES) == 1


def test_a_revoked_key_is_an_access_error_before_anything_is_read(world: World) -> None:
    world.emulator.tokens.revoked.add(EMAIL)
    with pytest.raises(AccessError, match="invalid_grant") as caught:
        revenue(world)
    assert "clock" in caught.value.hint
    assert world.count(VALUES) == 0
    assert world.count("POST /token") == 1
    assert world.clock.slept == []


def test_a_key_that_google_does_not_know_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    stranger = rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = json.loads(world.emulator.secret()) | {"private_key": stranger.decode()}
    monkeypatch.setenv("GOOGLE_KEY", json.dumps(info))
    with pytest.raises(AccessError, match="invalid_grant"):
        revenue(world)


def test_a_token_that_ends_early_is_renewed_once(world: World) -> None:
    source = world.source()
    asked = [question("revenue", cell="KPI!C2")]
    assert value(source.read(asked)[0]) == 1200000
    world.emulator.tokens.expire()
    assert value(source.read(asked)[0]) == 1200000
    assert world.count("POST /token") == 2
    fault(
        world,
        status=401,
        times=99,
        body={"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}},
    )
    with pytest.raises(AccessError, match="does not accept"):
        source.read(asked)
    assert world.count(VALUES) == 5


def test_a_token_server_that_is_down_is_asked_again_without_real_waiting(world: World) -> None:
    fault(world, where="POST /token", status=503, times=3)
    assert value(revenue(world)) == 1200000
    assert world.count("POST /token") == 4
    assert len(world.clock.slept) == 3
    world.emulator.tokens.expire()
    fault(world, where="POST /token", status=400, body={"error": "temporarily_unavailable"}, times=1)
    assert value(revenue(world)) == 1200000
    fault(world, where="POST /token", cut="before", times=99)
    with pytest.raises(
        Unavailable, match=r"Google sign-in: the token server cannot be reached after 6 tries"
    ):
        revenue(world)


def test_a_token_server_that_is_down_is_not_asked_for_each_spreadsheet(world: World) -> None:
    fault(world, where="POST /token", status=503, times=99)
    with pytest.raises(Unavailable, match="token server answered 503"):
        world.read(
            *(question(f"m{number}", spreadsheet=f"book-{number}", cell="A!A1") for number in range(5))
        )
    assert world.count("POST /token") == 6


def test_a_redirect_is_not_followed_with_the_credential(world: World) -> None:
    fault(world, status=302, headers={"Location": f"{world.emulator.server.url}/elsewhere"})
    with pytest.raises(Unavailable, match="the answer was 302"):
        revenue(world)
    assert world.count("elsewhere") == 0


def test_something_between_us_and_google_is_not_taken_for_google(world: World) -> None:
    fault(world, status=403, body=b"<html>blocked by the proxy</html>")
    with pytest.raises(Unavailable, match="did not come from the Sheets API"):
        revenue(world)


# ---- Other credentials -----------------------------------------------------------------------------------------


def test_a_persons_credential(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_KEY", world.emulator.tokens.authorized_user())
    world.emulator.load(seed(shared_with=["person@demo.example"]))
    assert value(revenue(world)) == 1200000
    world.emulator.tokens.expire()
    world.emulator.tokens.revoked.add("person@demo.example")
    with pytest.raises(AccessError, match="expired or revoked"):
        revenue(world)


def test_the_machines_own_identity(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(world.emulator.secret(), encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    assert value(revenue(world, credentials=None, adc=True)) == 1200000
    assert world.emulator.tokens.scopes == {READ_ONLY}
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessError, match="no usable application default credentials"):
        revenue(world, credentials=None, adc=True)


def test_an_api_key_reads_public_sheets_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", API_KEY)
    settings = {"credentials": None, "api_key": {"env": "API_KEY"}}
    with pytest.raises(AccessError) as caught:
        revenue(world, **settings)
    assert "public spreadsheets only" in caught.value.hint
    world.emulator.load(seed(shared_with="anyone"))
    assert value(revenue(world, **settings)) == 1200000
    assert world.count("POST /token") == 0
    monkeypatch.setenv("API_KEY", "AIza-another")
    with pytest.raises(AccessError, match="API key not valid"):
        revenue(world, **settings)
    assert all("AIza" not in request.query for request in world.emulator.server.requests)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json SECRET", "not the JSON"),
        ('["SECRET"]', "not the JSON"),
        ('{"type": "external_account", "audience": "SECRET"}', "external_account"),
        ('{"type": "service_account", "private_key": "SECRET"}', "damaged service account"),
        ('{"type": "authorized_user", "refresh_token": "SECRET"}', "damaged authorized user"),
    ],
)
def test_a_damaged_credential_is_described_and_not_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("GOOGLE_KEY", text)
    with pytest.raises(AccessError, match=said) as caught:
        revenue(world)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    assert world.count("") == 0


# ---- What never happens ------------------------------------------------------------------------------------------


def _everything(world: World) -> list[str]:
    """Texts that come out of a reading that goes well, and of each that does not."""
    texts: list[str] = []
    asked = [
        question("a", cell="KPI!C2"),
        question("b", cell="KPY!C2"),
        question("c", tab="KPI", row="Blank", column="Q4"),
    ]
    mishaps: list[Callable[[], None]] = [
        lambda: None,
        lambda: fault(world, status=503, times=99),
        lambda: world.emulator.load(seed(shared_with=[])),
        lambda: world.emulator.tokens.revoked.add(EMAIL),
    ]
    for mishap in mishaps:
        world.emulator.tokens.expire()
        mishap()
        try:
            texts += [repr(answer) for answer in world.read(*asked)]
        except OkrsyncError as error:
            texts += [str(error), repr(error), error.hint]
        texts += [repr(finding) for finding in _doctor(world)]
    return texts


def test_no_secret_is_ever_said_or_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [*_everything(world), caplog.text, repr(world.state)]
    key = json.loads(world.emulator.secret())["private_key"]
    secrets = [line for line in key.splitlines() if "KEY" not in line]
    tokens = [
        value.partition(" ")[2]
        for request in world.emulator.server.requests
        for name, value in request.headers
        if name == "authorization"
    ]
    assert tokens
    for secret in [*secrets, *tokens]:
        assert secret
        assert all(secret not in text for text in texts)


def test_only_reading_is_ever_asked_for(world: World) -> None:
    _everything(world)
    assert world.emulator.tokens.scopes == {READ_ONLY}
    assert world.count("^(PUT|PATCH|DELETE)") == 0
    assert world.count("^POST") == world.count("^POST /token$")


def test_requests_carry_our_name_and_ask_for_few_bytes(world: World) -> None:
    revenue(world)
    (request,) = [request for request in world.emulator.server.requests if VALUES in request.path]
    headers = dict(request.headers)
    assert headers["user-agent"].startswith("okrsync/")
    assert "gzip" in headers["user-agent"]
    assert "gzip" in headers["accept-encoding"]
    assert "fields=valueRanges%28range%2Cvalues%29" in request.query
    assert "UNFORMATTED_VALUE" in request.query


def test_connecting_sends_nothing_and_reads_no_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_KEY")
    source = world.source()
    assert list(source.read([])) == []
    assert world.count("") == 0
    with pytest.raises(AccessError, match="GOOGLE_KEY"):
        source.read([question("a", cell="KPI!C2")])


def test_the_connector_loads_no_vendor_library() -> None:
    code = (
        "import sys; import okrsync_sheets; "
        "print([name for name in sys.modules if name.split('.')[0] in {'gspread', 'google', 'requests', 'starlette'}])"
    )
    environment = {"PYTHONPATH": ".:connectors", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# ---- Doctor ------------------------------------------------------------------------------------------------------------


def _doctor(world: World, **changes: Any) -> list[Finding]:
    assert connector.doctor is not None
    settings = {
        "credentials": {"env": "GOOGLE_KEY"},
        "spreadsheet": BOOK,
        "url": world.emulator.server.url,
    } | changes
    return list(connector.doctor(connector.settings.model_validate(settings), [], world.context()))


def test_doctor_of_a_healthy_connection(world: World) -> None:
    world.emulator.load(seed(tabs=[{**KPI, "rows": KPI["rows"][:5]}, DATA]))
    findings = _doctor(world)
    assert all(finding.ok and not finding.hint for finding in findings)
    assert EMAIL in findings[0].detail
    assert "KPI (gid 0), It's data (gid 42)" in findings[1].detail
    assert "Europe/Berlin" in findings[1].detail
    assert "revenue, signups" in findings[1].detail


def test_doctor_points_at_cells_with_errors(world: World) -> None:
    (broken,) = [finding for finding in _doctor(world) if finding.hint]
    assert broken.subject == "tab KPI"
    assert "KPI!C6 REF" in broken.detail
    assert broken.ok, "it is no fault as long as no metric reads it"


def test_doctor_tells_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.emulator.load(seed(shared_with=[]))
    assert f"share the sheet with {EMAIL}" in _doctor(world)[-1].hint
    assert _doctor(world, spreadsheet=None)[-1].ok
    monkeypatch.setenv("GOOGLE_KEY", "{}")
    (finding,) = _doctor(world)
    assert not finding.ok


def test_a_gateway_in_front_of_google_may_have_a_path(world: World) -> None:
    from okrsync.loopback import LoopbackServer
    from okrsync_emulators.sheets.service import SheetsEmulator

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        prefix = "/acme/google"
        if scope["type"] == "http":
            assert scope["path"].startswith(f"{prefix}/v4/"), scope["path"]
            scope = {**scope, "path": scope["path"].removeprefix(prefix)}
        await app(scope, receive, send)

    assert isinstance(world.emulator, SheetsEmulator)
    app = world.emulator.server._app
    gateway = LoopbackServer(behind)
    try:
        (answer,) = world.read(question("m", cell="KPI!C2"), url=f"{gateway.url}/acme/google/")
    finally:
        gateway.close()
    assert value(answer) == 1200000
