"""Collect every message of okrsync from the places that raise it, and write them into docs/messages.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "messages.md"
RAISED: Final = frozenset(
    {
        *("ConfigError", "AccessError", "Unavailable", "DataError", "Conflict", "Busy", "UnsafePlan"),
        *("NoValueError", "NoValue", "bad_data", "bad_config", "ValueError", "BadParameter", "Doubt"),
    }
)
TEXTS: Final = frozenset({"reason", "message", "text"})
AREAS: Final = (
    ("Jira", "connectors/okrsync_jira/"),
    ("Google Sheets", "connectors/okrsync_sheets/"),
    ("Exports", "connectors/okrsync_crm/"),
    ("Notion", "connectors/okrsync_notion/"),
    ("The YAML", "okrsync/config/"),
    ("Commands", "okrsync/cli/"),
    (
        "Runs and the ledger",
        "okrsync/sync/ okrsync/tables/ okrsync/planning/ okrsync/ledger/ okrsync/fleet/ okrsync/alerts/",
    ),
    (
        "Secrets and the network",
        "okrsync/http.py okrsync/network.py okrsync/secret_text.py okrsync/settings.py okrsync/connector.py",
    ),
    ("Numbers, units and time", "okrsync/"),
)
_TOLD: Final = re.compile(
    r"\b(write|set|name|add|keep|drop|take|use|put|did you mean|remove|choose|correct|split|open|give|save|leave|say|"
    r"sort|judge|restore|run|lower|share|paste|install|declare|fix|find|known (?:is|are)|there (?:is|are)|"
    r"known:|belongs?|needs?|is for|takes)\b"
)
EXPLAINED: Final = {
    "…, line …: the header cannot be read: …": "look at that line; `delimiter`, `encoding` or `quotes` may be another one",
    "…: a length of time is tested under the key duration": "write the test under `duration:`",
    "…: … is 0": "a division by 0: look at the metric that is 0",
    "…: …; it may be there all the same": "look in Notion before you run it again",
    "a cell of more than … characters": "export the file without that column",
    "a number in … cannot be turned into …": "give both the same kind of unit",
    "a phased pace must rise with time, but … follows …": "write larger shares for later days under `pace: points`",
    "a text of more than … characters": "export the file without that column",
    "a weight of … is below 0": "write a weight above 0",
    "… answers a count, the metric is in …": "write `unit: count` at the metric",
    "… begins with the home folder of an unknown user": "write the whole path",
    "board … had closed no sprint by …": "wait for a closed sprint, or name another board",
    "column …: … is the last one": "the workbook is damaged: export it again",
    "… counts cells; values does not apply": "take `values` out",
    "dates … and range … must be one column each over the same rows (or one row each over the same columns)": "write two ranges of equal length",
    "decimal and thousands are both …": "write two different signs",
    "decimal and thousands are both …; they must differ": "write two different signs",
    "… gave a value of …, and that of … is asked": "this is a bug of the connector: report it",
    "… has no finite value": "look at the numbers that it is computed from",
    "… has no meaning for measure …": "take that key out",
    "… has no more or less; compare with a number or a date": "write a number or a date",
    "… has no more or less; compare with a number or a date such as 2026-10-01": "write a number or a date",
    "… has no status": "look at the issue in Jira; it may be of an unusual type",
    "… has no time zone": "this is a bug: report it",
    "… has no visible sheet": "show the sheet in Excel and save the file",
    "… holds no file": "put an export into the archive",
    "… holds no spreadsheet id: it looks like docs.google.com/spreadsheets/d/ID/edit": "copy the address from the browser",
    "holds … inside: a token is one word of plain letters, digits and signs": "copy the token again, without what is around it",
    "… is longer than any calendar": "write a shorter length of time",
    "… is no cell": "the workbook is damaged: export it again",
    "… is no cron line (…); …": 'write minute, hour, day, month and day of the week: `"0 7 * * mon-fri"`',
    "… is not a language known here; …": "take the nearest language that is offered",
    "… is not a number in … as … writes it: …": "write it as the company's locale does, in quotes",
    "… is not a number that the column … can hold": "make it a number column, or write the cell to another one",
    "… is not a number, and the ledger keeps only numbers": "this is a bug: report it",
    "… is not a regular expression: …": "correct the pattern",
    "… is not a unit; …": "take one of those that are listed",
    "… is not a window; …": "take one of those that are listed",
    "… is not an address such as https://acme.atlassian.net": "copy the address from the browser, with https://",
    "… is not the key of an issue, such as APP-12": "copy the key from Jira",
    "… is too large for the column …": "give the column more room, or write the cell to another one",
    "its window begins on …, after the moment asked about": "ask for a later day",
    "neither the YAML nor the row says its …": "write it in the YAML, or in the row in Notion",
    "… never comes; …": "write a day that exists",
    "no child of … has any work that counts": "look below that issue in Jira",
    "no row matches: …": "look at `where`, the window and the file",
    "no such measure: …": "take one of those that `okrsync connectors NAME` lists",
    "no … is complete yet in …": "wait, or take a shorter window",
    "Notion made the relation … of … one-way": "make it two-way in Notion",
    "Notion made … without a data source": "run okrsync init again",
    "Notion made … without the columns …": "run okrsync init again",
    "Notion does not show what the formula with the ids comes to": "keep the ids in a text column or an ID column, and name it under `match`",
    "Notion sent no value for the … column …": "run again later; if it stays, report it",
    "Notion sent … for a column that holds ids": "run again later; if it stays, report it",
    "Notion sent … for the … column …": "run again later; if it stays, report it",
    "… of … have a progress": "solve what is held at the others",
    "… periods have passed, but only … are expected": "this is a bug: report it",
    "point in exactly one way: cell, named, range, or column (with tab); here: …": "keep one of them",
    "row … after row …: a sheet has rows 1 to …": "the workbook is damaged: export it again",
    "row …: … is the last one": "the workbook is damaged: export it again",
    "… rows match, but none has a value in …": "look at that column in the file",
    "… says it is written in …, which is no encoding": "write `encoding:` at the connection",
    "share_true answers in percent, the metric is in …": "write `unit: percent` at the metric",
    "spreadsheet …: Google answered … with no place for it": "run again later; if it stays, report it",
    "the changes of … cannot be wound back: it holds lists": "ask only for today, or measure another field",
    "the checkbox column … cannot be empty": "this is a bug: report it",
    "the column … holds no number": "make it a number column",
    "the column … relates to more rows than Notion shows at once: leave in it the one row that it is for": "take the other rows out of that cell in Notion",
    "the column … was … and is now a … column": "run again; the plan is made for the new column",
    "the connector … (…) is no okrsync Connector": "install a connector that fits this okrsync",
    "the cycle ends …, which is not after its start …": "write an end after the start",
    "the cycle … ends on …, before it starts on …": "write an end after the start",
    "the cycle … has not begun on …: it starts on …": "wait, or correct `cycle:`",
    "the first issue that can be seen in the scope is of …": "ask for a later day",
    "the fixed contributions come to … %, which is more than 100 %": "lower the weights",
    "the output cannot be written: …": "look at the disk, and at where the output goes",
    "the phased pace names …, but … is … to …": "write days inside the cycle",
    "the plan cannot be kept in …: …": "name a file in a folder that you may write to",
    "the plan is …'s, not …'s": "name the file of this company's plan",
    "the proposal is not valid: …": "this is a bug: report it",
    "the range … to … is empty: its low end is above its high end": "write the smaller number first",
    "the risk threshold … of at_least … must lie below the limit": "write a smaller `risk`",
    "the risk threshold … of at_most … must lie above the limit": "write a larger `risk`",
    "the row has no column … any more": "name the column as it is called now, under `cells`",
    "the time … for the column … has no time zone": "this is a bug: report it",
    "the … column … cannot hold …": "write the cell to a column of another kind",
    "these metrics are computed from one another: …": "take one of them out of the other's `expr`",
    "… was left as it is: …": "nothing: the next run looks at it again",
    "… with a quotation mark (…): one is missing, or it is one too many": "copy the credential again, without quotes",
    "with scope, date is created or nothing; … may have changed since": "write `date: created`, or `jql` instead of `scope`",
    "the report cannot be written to …: …": "name a folder that you may write to",
    "no values": "this is a bug: report it",
    "there is no number: the text is empty": "write a number between the quotes",
    "it has no progress yet": "wait until the key result has a value and a goal",
    "the groups' mean is 0": "a spread is a share of the mean: look at the amounts of the groups",
    "a workbook has no document type; this one was made to do harm": "export the file again from the CRM",
    "the delimiter cannot be a quotation mark": "write the sign between two cells, such as `;`",
    "date_format has the day both before and after the month; a file has one order": "write one order of day and month",
    "the whole of the ratio is empty: no issue matches the JQL": "look at the JQL in Jira's issue search",
    "the scope finds no issue, so nothing is known of its past": "look at the scope in Jira's issue search",
    "Notion made no column that leads from an objective to its key results": "run okrsync init again",
    "reading the rows: Notion has more rows and does not say where they go on": "run again later",
    "it was not asked": "this is a bug: report it",
}
"""What to do about a message that does not say so itself."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A message as it is written in the program, with ``…`` for what is put in, and the hint beside it."""

    text: str
    hint: str
    path: str


def collected() -> list[Message]:
    """Every message of okrsync and its connectors, in the order of their texts; each text once."""
    found: dict[str, Message] = {}
    for folder in ("okrsync", "connectors"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "okrsync_emulators" not in name and "/testing/" not in name and "/sandbox/" not in name:
                for message in _of(ast.parse(path.read_text(encoding="utf-8")), name):
                    found.setdefault(message.text, message)
    return sorted(found.values(), key=lambda one: one.text.lstrip("…'\" ").casefold())


def _of(tree: ast.AST, path: str) -> Iterator[Message]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) not in RAISED:
            continue
        arguments = [*node.args, *(one.value for one in node.keywords if one.arg in TEXTS)]
        text = next((said for one in arguments if " " in (said := _text(one))), "")
        if text.replace("…", "").strip(" :;,.→\n"):
            hint = next((_text(one.value) or "…" for one in node.keywords if one.arg == "hint"), "")
            said, _, behind = text.partition("\n  → ")
            yield Message(text=_one_line(said), hint=_one_line(behind or hint), path=path)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return (_text(node.left) or "…") + (_text(node.right) or "…")
    return ""


def _one_line(text: str) -> str:
    return re.sub(r"…[…\s]*…", "…", " ".join(text.split()))


def next_step(message: Message) -> str:
    """What to do: its hint, an explanation of our own, or the message itself if that says so; empty for none."""
    if message.hint and message.hint != "…":
        return message.hint
    if message.text in EXPLAINED:
        return EXPLAINED[message.text]
    if message.hint:
        return "do what the message says after the arrow"
    _, mark, last = message.text.rpartition("; ")
    if mark and _TOLD.search(last):
        return last
    return "what the message says" if _TOLD.search(message.text) else ""


def page() -> str:
    """The page with every message, by the part of okrsync that says it."""
    areas: dict[str, list[Message]] = {title: [] for title, _ in AREAS}
    for message in collected():
        areas[next(title for title, paths in AREAS if message.path.startswith(tuple(paths.split())))].append(
            message
        )
    lines = [
        "# Every message",
        "",
        "This page lists every message of okrsync with what to do, collected from the program by `make docs`. `…` is a name or a value.",
        "What the common ones mean is in [troubleshooting.md](troubleshooting.md).",
    ]
    for title, messages in areas.items():
        lines += ["", f"## {title}", "", "| message | what to do |", "|---|---|"]
        lines += [f"| {_cell(one.text)} | {_cell(next_step(one))} |" for one in messages]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"([|<>\[\]_*])", r"\\\1", text.replace("\\", "\\\\")) if text else "–"
