"""Explain why a text is no YAML to people who have never seen any.

A parser says where its grammar broke, which may be a line later than the fault. So the lines there are looked at for
what people get wrong: a tab, a value that needs quotes, a missing blank, a bracket left open, uneven indentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from okrsync.spelling import counted

_KEY_AND_VALUE: Final = re.compile(
    r"(?P<lead>\s*(?:- +)*)(?P<key>[^\s:#'\"{}\[\],-][^:#{}\[\]]*?) *:[ \t]+(?P<value>\S.*)"
)
_KEY: Final = re.compile(r"\s*(?:- +)*[^\s:#'\"{}\[\],-][^:#]*:(?: |$)")
_SPECIAL: Final = "*&!%@`|>?-,#"
_TYPOGRAPHIC: Final = "“”„‟«»‘’‚‹›"
_OPEN: Final = {"{": "}", "[": "]"}
_NAMED: Final = {"*": "a star", "`": "a backtick", "-": "a dash"}
_MEANING: Final = "which has a meaning of its own in YAML"
QUOTES: Final = "put the whole value in quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFault:
    """What is wrong at a line and column, both counted from 1, and what to write instead."""

    line: int
    column: int
    message: str
    hint: str


def explain(text: str, line: int, column: int, started: int) -> YamlFault:
    """The fault behind a parser's error at ``line`` and ``column`` (from 0); ``started`` is where that part began."""
    lines = text.splitlines()
    near = [one for one in (line, _before(lines, line), started) if 0 <= one < len(lines)]
    for check in _CHECKS:
        for index in dict.fromkeys(near):
            if (found := check(lines, index, column if index == line else -1)) is not None:
                return found
    shown = lines[line].strip() if line < len(lines) else "the end of the file"
    return YamlFault(
        line=line + 1,
        column=column + 1,
        message=f"this cannot be read: {shown[:80]}",
        hint="write each line as `name: value`, with a blank after the colon, and begin the lines that belong together "
        "with equally many blanks; a value with a special sign goes in quotes",
    )


def quoted(value: str) -> str:
    """A value as one writes it in YAML so that nothing in it has a meaning of its own."""
    plain = value.strip().strip(_TYPOGRAPHIC)
    if '"' not in plain and "\\" not in plain:
        return f'"{plain}"'
    return "'" + plain.replace("'", "''") + "'"


def typographic(value: str) -> bool:
    """Whether the value is between quotes that only a word processor writes."""
    return len(value) > 1 and value[0] in _TYPOGRAPHIC and value[-1] in _TYPOGRAPHIC


def _before(lines: Sequence[str], index: int) -> int:
    for one in range(min(index, len(lines)) - 1, -1, -1):
        if lines[one].strip() and not lines[one].lstrip().startswith("#"):
            return one
    return -1


def _indentation_signs(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    lead = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
    wrong = next((at for at, sign in enumerate(lead) if sign != " "), None)
    if wrong is None:
        return None
    what = "a tab" if lead[wrong] == "\t" else "a blank of another kind (a no-break space)"
    hint = "begin it with blanks (the space bar): two for each step to the right"
    return YamlFault(line=index + 1, column=wrong + 1, message=f"the line begins with {what}", hint=hint)


def _other_blank(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    found = re.search("[:-]([\u00a0\u2007\u202f\u3000])", lines[index])
    if found is None:
        return None
    said = "after this sign comes a no-break space, which looks like a blank and is none"
    return YamlFault(
        line=index + 1, column=found.start() + 1, message=said, hint="delete it and press the space bar"
    )


def _value(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    """A value that is alone on its line, and whose signs mean something else to YAML."""
    found = _KEY_AND_VALUE.fullmatch(lines[index])
    if found is None:
        return None
    key, value, column = found["key"].strip(), found["value"].rstrip(), found.start("value")
    why = _why_quotes(value)
    if not why:
        return None
    said = f"the value of {key} {why}"
    return YamlFault(
        line=index + 1, column=column + 1, message=said, hint=f"{QUOTES}: {key}: {quoted(value)}"
    )


def _why_quotes(value: str) -> str:
    first = value[0]
    if first in "\"'":
        closed = re.match(r'"(?:\\.|[^"\\])*"|\'(?:\'\'|[^\'])*\'', value)
        rest = value[closed.end() :].strip() if closed is not None else ""
        return "goes on after the closing quote" if rest and not rest.startswith("#") else ""
    if first in _OPEN:
        end = _closing(value)
        rest = value[end + 1 :].strip() if end is not None else ""
        return _begins(first) if rest and not rest.startswith("#") else ""
    if first in "|>" and re.fullmatch(r"[|>][+-]?\d?\s*(#.*)?", value):
        return ""
    if first in _SPECIAL and not (first in "-?" and len(value) > 1 and value[1] != " "):
        return _begins(first)
    return f"holds a colon and a blank, {_MEANING}" if re.search(r":(?: |$)", value) else ""


def _begins(sign: str) -> str:
    return f"begins with {_NAMED.get(sign, sign)}, {_MEANING}"


def _missing_blank(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    line = lines[index]
    if found := re.fullmatch(r"\s*-([A-Za-z_{\[\"'].*)", line):
        said = "a blank is missing after the dash"
        return YamlFault(line=index + 1, column=found.start(1) + 1, message=said, hint=f"write: - {found[1]}")
    if not _KEY.match(line) and (found := re.fullmatch(r"(\s*(?:- +)*)([A-Za-z_]\w*):(\S.*)", line)):
        hint = f"write: {found[2]}: {found[3]}"
        said = "a blank is missing after the colon"
        return YamlFault(line=index + 1, column=found.start(3) + 1, message=said, hint=hint)
    return None


def _no_colon(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    line = lines[index].strip()
    if (
        ":" in line
        or line[:1] in {"-", "#", "{", "}", "[", "]", '"', "'", ""}
        or line.endswith((",", "}", "]"))
    ):
        return None
    column = len(lines[index]) - len(lines[index].lstrip()) + 1
    name, sign, value = line.partition("=")
    hint = (
        f"write: {name.strip()}: {value.strip()}"
        if sign
        else "write it as `name: value`, or put # before a remark"
    )
    return YamlFault(
        line=index + 1, column=column, message="the line has no colon between a name and its value", hint=hint
    )


def _open_quote(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    found = _KEY_AND_VALUE.fullmatch(lines[index])
    if found is None or found["value"][0] not in "\"'" or found["value"].count(found["value"][0]) % 2 == 0:
        return None
    said = f"the quote that begins the value of {found['key'].strip()} is never closed"
    hint = f"end the value with the same quote: {found['value'].rstrip()}{found['value'][0]}"
    return YamlFault(line=index + 1, column=found.start("value") + 1, message=said, hint=hint)


def _quote_above(lines: Sequence[str], index: int, column: int) -> YamlFault | None:
    """A quote that opens in a line above and takes in all lines up to the next quote: there the parser stops."""
    if column < 0:
        return None
    for sign in filter(lines[index].__contains__, "\"'"):
        for above in range(index - 1, -1, -1):
            bare = _without_quoted(lines[above]).split(" #", 1)[0]
            if (found := re.search(rf"([\w.-]+) *: +({sign})", bare)) is not None:
                said = f"the quote that begins the value of {found[1]} is never closed"
                hint = "end the value with the same quote"
                return YamlFault(line=above + 1, column=found.start(2) + 1, message=said, hint=hint)
    return None


def _in_braces(lines: Sequence[str], index: int, column: int) -> YamlFault | None:
    """What goes wrong between { and }: a value that needs quotes, a missing comma, a semicolon, $NAME."""
    line = lines[index]
    opened = re.match(r"\s*(?:- +)*(?:[^\s:#'\"{}\[\],-][^:#{}\[\]]*: +)?([{\[])", line)
    if opened is None or column <= opened.start(1):
        return None
    if found := re.search(r"\$\{?(\w+)\}?", line):
        said = "a value begins with $, which has no meaning here"
        hint = f"write {{env: {found[1]}}} for the environment variable {found[1]}"
        return YamlFault(line=index + 1, column=found.start() + 1, message=said, hint=hint)
    if ";" in line[:column]:
        at = line.index(";")
        said = "the parts between { and } are separated by commas, not by semicolons"
        return YamlFault(line=index + 1, column=at + 1, message=said, hint="write , instead of ;")
    return _part(line, index, column)


def _part(line: str, index: int, column: int) -> YamlFault | None:
    """The part of a line in braces that the column is in."""
    start = max(line.rfind(sign, 0, column) for sign in "{[,") + 1
    end = min((at for sign in ",}]" if (at := line.find(sign, column)) >= 0), default=len(line))
    part = line[start:end].strip()
    key, colon, value = (one.strip() for one in part.partition(":"))
    if not colon or not value:
        return None
    at = line.index(value, start) + 1
    if value[0] in _SPECIAL:
        said = f"the value of {key} {_begins(value[0])}"
        return YamlFault(line=index + 1, column=at, message=said, hint=f"{QUOTES}: {key}: {quoted(value)}")
    if value[0] in "\"'":
        said = f"the value of {key} goes on after the closing quote"
        inner = value[1:-1] if value[-1] == value[0] else value[1:]
        hint = f"put a comma behind it, or {QUOTES} of the other kind: {key}: {quoted(inner)}"
        return YamlFault(line=index + 1, column=at, message=said, hint=hint)
    if ": " in value:
        said = f"the value of {key} holds a colon: {value}"
        before, after = value.split(": ", 1)
        words = before.rsplit(" ", 1)
        comma = (
            f"put a comma before {words[1]}: {key}: {words[0]}, {words[1]}: {after}; "
            if len(words) == 2
            else ""
        )
        money = re.fullmatch(r"money: +(\w+)", value)
        hint = f"{comma}{'or ' if comma else ''}{QUOTES}: {key}: {quoted(value)}"
        hint = f"write it without the blank: {key}: money:{money[1]}" if money is not None else hint
        return YamlFault(line=index + 1, column=at, message=said, hint=hint)
    return None


def _brackets(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    line = lines[index]
    if (found := re.search(r"[^#]*?[{\[,][^#]*?\s(#[^\s,]*)", line)) and _depth(line[: found.start(1)]):
        said = f"{found[1]} begins a remark: YAML reads nothing from the # to the end of the line"
        hint = 'put the value that holds it in quotes, such as title: "Open #bugs"'
        return YamlFault(line=index + 1, column=found.start(1) + 1, message=said, hint=hint)
    depth = _depth(line)
    if not depth:
        return None
    if depth > 0:
        at = next(at for at, sign in enumerate(line) if sign in _OPEN)
        said = f"the {line[at]} of this line is never closed"
        return YamlFault(
            line=index + 1, column=at + 1, message=said, hint=f"write {_OPEN[line[at]]} behind its last part"
        )
    at = max(line.rfind("}"), line.rfind("]"))
    said = f"there is one {line[at]} too many"
    return YamlFault(line=index + 1, column=at + 1, message=said, hint="take it out, or open it before")


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """The brackets of a text, outside of its quotes."""
    return ((at, sign) for at, sign in enumerate(_without_quoted(text)) if sign in "{}[]")


def _without_quoted(text: str) -> str:
    """The text with a line in place of all that is in quotes."""
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\'\'|[^\'])*\'', lambda found: "_" * len(found[0]), text)


def _depth(text: str) -> int:
    return sum(1 if sign in _OPEN else -1 for _, sign in _signs(text))


def _closing(text: str) -> int | None:
    depth = 0
    for at, sign in _signs(text):
        depth += 1 if sign in _OPEN else -1
        if depth == 0:
            return at
    return None


def _indentation(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    """A line that begins with another number of blanks than the ones it belongs to."""
    line, above = lines[index], _before(lines, index)
    if line.lstrip().startswith(("* ", "• ", "– ")):
        mark = line.lstrip()[0]
        said, hint = f"each part of a list begins with a dash, not with {mark}", f"write - in place of {mark}"
        return YamlFault(line=index + 1, column=_indent(line) + 1, message=said, hint=hint)
    if above < 0 or not line.strip():
        return None
    here, there = _indent(line), _indent(lines[above])
    item = re.match(r"\s*- +", lines[above])
    expected = item.end() if item is not None and not line.lstrip().startswith("- ") else there
    if here == expected:
        return None
    where = f"begin it with {_blanks(expected)}" if expected else "begin it at the left edge"
    said = f"the line begins with {_blanks(here)}, which does not fit the line above"
    hint = f"{where} if it belongs to that line's part; lines that belong together begin alike"
    return YamlFault(line=index + 1, column=here + 1, message=said, hint=hint)


def _list_among_names(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    line, above = lines[index], _before(lines, index)
    if above < 0 or _indent(line) != _indent(lines[above]):
        return None
    dashes = [lines[one].lstrip().startswith("- ") for one in (above, index)]
    if dashes[0] == dashes[1]:
        return None
    said = "some lines here begin with a dash and some do not"
    hint = "under connections and metrics write `name: {…}` without a dash; under key_results begin each with `- `"
    place = index if dashes[1] else above
    return YamlFault(line=place + 1, column=_indent(lines[place]) + 1, message=said, hint=hint)


def _documents(lines: Sequence[str], index: int, _column: int) -> YamlFault | None:
    if lines[index].rstrip() not in {"---", "..."} or not any(one.strip() for one in lines[:index]):
        return None
    said = "a line of dashes or dots ends the file here"
    return YamlFault(
        line=index + 1, column=1, message=said, hint="take the line out: a file holds one company"
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _blanks(count: int) -> str:
    return counted(count, "blank") if count else "no blank"


_CHECKS: Final[tuple[Callable[[Sequence[str], int, int], YamlFault | None], ...]] = (
    _indentation_signs,
    _other_blank,
    _documents,
    _missing_blank,
    _no_colon,
    _open_quote,
    _quote_above,
    _value,
    _in_braces,
    _brackets,
    _list_among_names,
    _indentation,
)
