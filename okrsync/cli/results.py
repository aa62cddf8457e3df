"""Print a company's run: as text, as JSON, or as a line in a log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from okrsync.cli.output import say, say_error
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync.cli.context import Context
    from okrsync.fleet import CompanyRun
    from okrsync.ports import Finding
    from okrsync.render import outputs


def say_result(ended: CompanyRun) -> None:
    """Print what a run did on stdout, or what ended it on stderr."""
    from okrsync.render.plan import plan_text

    if ended.report is not None:
        say_warnings(ended.report.warnings)
        say(plan_text(ended.report))
    if ended.complaint:
        say_error(f"okrsync: {ended.name}: {ended.complaint}")
    say_not_notified(ended, f"okrsync: {ended.name}")


def say_unreadable(name: str, error: ConfigError, *, as_json: bool) -> outputs.Failure:
    """Print on stderr why one company of several cannot be read, unless it goes out ``as_json`` with the others."""
    if not as_json:
        say_error(f"okrsync: {name}: {error}")
    failure: outputs.Failure = {"company": name, "error": error.message, "exit_code": ExitCode.CONFIG}
    if error.hint:
        failure["hint"] = error.hint
    if error.place:
        failure["place"] = str(error.place)
    return failure


def say_warnings(sentences: Iterable[str]) -> None:
    """Print each sentence on stderr."""
    for one in sentences:
        say_error(f"okrsync: {one}")


def say_ledger(context: Context) -> None:
    """Print on stderr which ledger is used: a shell and a scheduler may mean two."""
    echo(f"okrsync: the ledger is {context.ledger_name}", err=True)


def say_findings(findings: Iterable[Finding]) -> None:
    """Print what was looked at: ✓ is well, ✗ is a fault, ! is worth a look and holds nothing."""
    from rich.text import Text

    for one in findings:
        sign, style = ("✗", "bold red") if not one.ok else ("!", "yellow") if one.hint else ("✓", "green")
        text = Text()
        text.append(f"{sign} ", style=style).append(f"{one.subject}  ", style="bold").append(one.detail)
        if one.hint:
            text.append(f"\n    → {one.hint}", style="cyan")
        say(text)


def say_not_notified(ended: CompanyRun, start: str) -> None:
    """If a run's alerts could not be sent, say why on stderr."""
    if ended.undelivered:
        say_error(f"{start}: nobody was notified: {ended.undelivered}")


def result_data(ended: CompanyRun) -> outputs.Run | outputs.Failure:
    """What ``--json`` prints of a run."""
    from okrsync.redaction import redact
    from okrsync.render.data import report_data

    if ended.report is None:
        return {"company": ended.name, "error": redact(ended.complaint), "exit_code": ended.code}
    data = report_data(ended.report)
    data["exit_code"] = ended.code
    if ended.undelivered:
        data["untold"] = redact(ended.undelivered)
    return data


def say_line(ended: CompanyRun, form: str) -> None:
    """Print one line for one run on stderr; a bug with its traceback."""
    from okrsync.fleet import summary
    from okrsync.model import Verdict
    from okrsync.redaction import redact
    from okrsync.spelling import counted
    from okrsync.sync.result import held_rows

    at = datetime.now(tz=UTC).isoformat(timespec="seconds")
    decisions = ended.report.decisions if ended.report is not None else ()
    written = sum(one.verdict is Verdict.WRITE for one in decisions)
    held = held_rows(decisions)
    trouble = "\n".join(one for one in (ended.complaint, ended.undelivered) if one)
    if form == "json":
        line = {
            "at": at,
            "company": ended.name,
            "exit_code": int(ended.code),
            "written": written,
            "held": held,
        }
        text = json.dumps(line | ({"error": trouble} if trouble else {}), ensure_ascii=False)
    else:
        word = summary({ended.name: ended.code}).partition(": 1 ")[2].partition(" (")[0]
        text = f"{at} {ended.name}: {word} · {counted(written, 'cell')} written · {counted(held, 'row')} held"
        text += f"\n  {trouble.replace(chr(10), chr(10) + '  ')}" if trouble else ""
    echo(redact(text), err=True)
