"""What a person sees at a terminal of 80 or 120 columns: no line is broken inside a word, and nothing is cut."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.conftest import KILLABLE
from tests.support.terminal import shown_on

PAST = ("backfill", "demo", "--from", "2026-10-01", "--to", "2026-11-22", "--only", "KR-5")


SPINNER = tuple("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")


def seen(*words: str, columns: int) -> list[str]:
    """What the command line shows on a terminal, without its colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLABLE, *words], stdout=theirs, stderr=theirs, env=environment
    ):
        os.close(theirs)
        shown = shown_on(ours)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "")
    # What Jira says is left of its budget depends on how fast the requests come.
    shown = re.sub(r";r=\d+;t=1", ";r=350;t=1", shown)
    # A line of progress is erased before the next one is shown, and the ledger's path is as long as it is.
    lines = [re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", line.split("\x1b[2K")[-1]) for line in shown.split("\n")]
    return [line for line in lines if not line.startswith(("okrsync: the ledger is", *SPINNER))]


@pytest.fixture
def synced(desk: Any) -> Any:
    desk.run("sync", "demo")
    desk.run(*PAST)
    return desk


@pytest.mark.parametrize("columns", [80, 120])
def test_status_is_three_lines_for_each_where_the_table_has_no_room(synced: Any, columns: int) -> None:
    lines = seen("status", "demo", columns=columns)
    start = next(number for number, line in enumerate(lines) if line.startswith("KR-5"))
    assert lines[start : start + 3] == [
        "KR-5  Revenue from new deals                                  €0 → €3,500,000",
        "  behind         €1,767,504 (50.5%, expected 58.24%), Sun 22 Nov 2026, 21:00",
        "  ▁▂▃▄▆▆▇█       by 2026-12-31: €3,190,000 (€2,910,000 to €3,300,000) unlikely",
    ]
    held = next(number for number, line in enumerate(lines) if line.startswith("KR-13"))
    assert lines[held + 1].strip() == "no data HELD"
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if re.search(r"\w…", line)]


def test_status_is_a_table_where_it_has_room(synced: Any) -> None:
    lines = seen("status", "demo", columns=180)
    (row,) = [line for line in lines if line.lstrip().startswith("KR-5")]
    assert re.fullmatch(r" KR-5 +Revenue from new deals +€0 → €3,500,000 .* behind .*▁▂▃▄▆▆▇█ .*", row)
    assert not [line for line in lines if re.search(r"\w…", line)]


def test_a_title_that_looks_like_markup_is_shown_as_it_is(desk: Any) -> None:
    desk.edit_yaml("title: Open bugs,", 'title: "Bugs [red]",')
    desk.run("sync", "demo")
    for columns in (80, 180):
        assert any("Bugs [red]" in line for line in seen("status", "demo", columns=columns))


@pytest.mark.parametrize(
    "words", [("plan", "demo"), ("explain", "demo", "KR-1"), ("explain", "demo", "KR-5"), ("doctor", "demo")]
)
def test_long_lines_go_on_below_themselves(synced: Any, words: tuple[str, ...]) -> None:
    whole, narrow = (seen(*words, columns=columns) for columns in (1000, 80))
    assert " ".join("\n".join(narrow).split()) == " ".join("\n".join(whole).split())
    assert len(narrow) > len(whole)
    # A path or an address is never broken: a terminal lets a person copy it whole.
    assert [line for line in narrow if len(line) > 80 and " " in line[17:]] == []
    for line in whole:
        if line not in narrow:
            first = next(number for number, one in enumerate(narrow) if line.startswith(one) and one.strip())
            deeper = 17 if words[0] == "explain" else len(line) - len(line.lstrip()) + 4
            assert narrow[first + 1].startswith(" " * deeper + narrow[first + 1].strip()[0])


def test_history_has_one_line_for_each_value(synced: Any) -> None:
    lines = [line for line in seen("history", "demo", "KR-5", columns=80) if line.strip()]
    assert len(lines) == 2 + 8
    assert max(map(len, lines)) <= 80
    assert re.fullmatch(r" KR-5 +2026-11-22 +€1,767,504 +50.5% +observed +deals: sum of A.*… ", lines[-1])
    assert "(deals-2026-11-22.csv)" in " ".join(synced.run("history", "demo", "KR-5").out.split())


def test_no_help_is_cut(desk: Any) -> None:
    for words in ((), ("schedule",), ("ledger",)):
        assert "..." not in "\n".join(seen(*words, "--help", columns=80)).replace("[ARGS]...", "")


def test_an_error_goes_on_below_its_first_word_and_breaks_no_word(desk: Any) -> None:
    lines = [line.rstrip() for line in seen("explain", "dmeo", "KR-1", columns=40)]
    assert all(len(line) <= 40 or len(line.split()) == 1 for line in lines), (
        "a path is longer than the terminal"
    )
    assert "did you mean 'demo'?" in " ".join(" ".join(lines).split())
    assert all(line.startswith("    ") for line in lines[1:] if line and not line.lstrip().startswith("→"))
