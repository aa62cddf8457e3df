"""Read the documents' blocks, and do with them what a reader would do.

A page is played from top to bottom in front of a fresh made-up company. Comments of HTML, which no reader sees, say what
a block cannot say itself:

``<!-- not run: REASON -->``    the next block is not run: it needs Docker, say, or a real account
``<!-- scene: NAME -->``        something happens first, such as an edit by a person; see ``scenes.py``
``<!-- company: book -->``      from here on another, fresh company is there

A block of YAML or CSV whose first line names a file (```` ```yaml config/acme.yaml ````) becomes that file. A line ``…`` in
an output stands for any lines, and ``…`` in a line for any text. ``make docs`` writes the real output into the blocks.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import scenes

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
REST: Final = "…"
# What a command line of the documents stands for here. The Makefile's target runs nothing else.
ALIASES: Final = {"make demo": "okrsync demo"}
_MARK: Final = re.compile(r"<!-- ([a-z ]+): (.*) -->")
_FENCE: Final = re.compile(r"( *)```(\w*) *(.*)")


@dataclass(frozen=True)
class Block:
    """``start`` is the line of the page, from 0, at which its first line is. ``marks`` are the comments before it."""

    page: Path
    language: str
    file: str
    start: int
    lines: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.start + 1}"

    @property
    def not_run(self) -> str:
        """Why it is not run, or an empty text."""
        return next((text for name, text in self.marks if name == "not run"), "")


@dataclass(frozen=True)
class Part:
    """The blocks of a page that one made-up company is there for."""

    page: Path
    company: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        return f"{self.page.stem}-{self.blocks[0].start + 1}"


def blocks_of(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    marks: list[tuple[str, str]] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if mark := _MARK.fullmatch(line.strip()):
            marks.append((mark[1], mark[2]))
        elif fence := _FENCE.fullmatch(line):
            end = next(n for n in range(number + 1, len(lines)) if lines[n] == f"{fence[1]}```")
            inside = tuple(one.removeprefix(fence[1]) for one in lines[number + 1 : end])
            yield Block(page, fence[2], fence[3], number + 1, inside, tuple(marks))
            marks, number = [], end
        elif line.strip():
            assert not marks, f"{page.name}:{number}: a mark must be right before its block"
        number += 1


def parts() -> list[Part]:
    found: list[Part] = []
    for page in PAGES:
        runs: list[tuple[str, list[Block]]] = [("demo", [])]
        for block in blocks_of(page):
            company = dict(block.marks).get("company")
            if company is not None:
                runs.append((company, []))
            runs[-1][1].append(block)
        found += [Part(page, company, tuple(blocks)) for company, blocks in runs if blocks]
    return found


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder whose ``config`` is the configuration folder."""

    desk: Any
    environment: pytest.MonkeyPatch
    renewed: dict[Block, list[str]] = field(default_factory=dict)
    code: int = 0

    def __post_init__(self) -> None:
        (self.desk.folder / "config").symlink_to(".")
        self.environment.chdir(self.desk.folder)
        self.environment.delenv("OKRSYNC_CONFIG")

    def follow(self, block: Block) -> None:
        """Do what the block says, and keep its lines in ``renewed`` as they should be."""
        for name, text in block.marks:
            if name == "scene":
                scenes.SCENES[text](self.desk, self.environment)
        if block.not_run:
            return
        if block.file:
            path = self.desk.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            written = (self.desk.clock.now() - timedelta(hours=1)).timestamp()
            os.utime(path, (written, written))
        elif block.language == "console":
            self.renewed[block] = [line for one in transcripts(block) for line in self._typed(one)]

    def _typed(self, one: Transcript) -> list[str]:
        """The command and its real output; as the page shows it, if that fits."""
        shown = self._shown(one.command).replace(str(self.desk.folder), "~/okrs").strip("\n")
        actual = [line.rstrip() for line in shown.split("\n")] if shown else []
        if fits(one.output, actual):
            return [*one.typed, *one.output]
        blank_before = [""] if one.output[:1] == ("",) else []
        blank_after = [""] if one.output[-1:] == ("",) else []
        return [*one.typed, *blank_before, *renewed(one.output, actual), *blank_after]

    def _shown(self, command: str) -> str:
        command, _, target = ALIASES.get(command, command).partition(" > ")
        words = shlex.split(command, comments=True)
        if words == ["echo", "$?"]:
            return str(self.code)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment.setenv(name, value)
            return ""
        if words[0] == "cat":
            return Path(words[1]).read_text(encoding="utf-8")
        assert words[0] == "okrsync", f"{command}: say why it is not run"
        if words[1] == "init" and "--next-cycle" not in words:
            # The emulators answer at other addresses than the vendors whose addresses the page shows.
            words = [
                self.desk.jira.server.url if one == "https://acme.atlassian.net" else one for one in words
            ]
            words += ["--url", self.desk.notion.server.url, "--google-url", self.desk.sheets.server.url]
        ended = self.desk.run(*words[1:])
        self.code = ended.code
        assert "Traceback" not in ended.err
        if target:
            Path(target).write_text(ended.out, encoding="utf-8")
        shown: str = ended.err if target else ended.out + ended.err
        # Said by every command that uses the ledger; docs/operations.md says so once.
        return re.sub(r"^okrsync: the ledger is .*\n", "", shown, flags=re.MULTILINE)


@dataclass(frozen=True)
class Transcript:
    """A command as it is typed, and the lines below it."""

    typed: tuple[str, ...]
    output: tuple[str, ...]

    @property
    def command(self) -> str:
        whole = "\n".join(line.removeprefix("$ ") for line in self.typed)
        return re.sub(r"\s+#.*", "", whole.replace("\\\n", " ")).strip()


def transcripts(block: Block) -> list[Transcript]:
    found: list[tuple[list[str], list[str]]] = []
    for line in block.lines:
        if line.startswith("$ "):
            found.append(([line], []))
        elif found and found[-1][0][-1].endswith("\\") and not found[-1][1]:
            found[-1][0].append(line)
        else:
            assert found, f"{block.place}: an output without its command"
            found[-1][1].append(line)
    return [Transcript(tuple(typed), tuple(output)) for typed, output in found]


def fits(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Whether ``actual`` is what a document shows, blank lines around it aside."""
    lines = "\n".join(expected).strip("\n").split("\n")
    pattern = "".join(
        r"(?:.*\n)*?" if line == REST else re.escape(line).replace(REST, ".*?") + r"\n" for line in lines
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual or [""])) is not None


def renewed(expected: Sequence[str], actual: Sequence[str]) -> list[str]:
    """The real output, cut short like ``expected``: each piece of it is looked for at the place that is most alike."""
    first, *rest = _pieces("\n".join(expected).strip("\n").split("\n"))
    if not rest:
        return [_kept(first, line) for line in actual]
    out = [_kept(first, line) for line in actual[: len(first)]]
    start = len(first)
    for number, piece in enumerate(rest, 1):
        end = max(len(actual) - len(piece), start)
        begin = end if number == len(rest) else _most_alike(piece, actual, start, end)
        out += [REST, *(_kept(piece, line) for line in actual[begin : begin + len(piece)])]
        start = begin + len(piece)
    return out


def _pieces(lines: Sequence[str]) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in lines:
        if line == REST:
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces


def _most_alike(piece: Sequence[str], actual: Sequence[str], start: int, end: int) -> int:
    """The line from ``start`` to ``end`` at which ``actual`` is most like the piece."""

    def alike(line: int) -> float:
        pairs = zip(piece, actual[line : line + len(piece)], strict=False)
        return sum(SequenceMatcher(None, one, other).ratio() for one, other in pairs)

    return max(range(start, end + 1), key=alike)


def _kept(lines: Sequence[str], line: str) -> str:
    """A line that leaves something open stays as long as it is true."""
    return next((one for one in lines if REST in one and fits([one], [line])), line)


def write(page: Path, renewed: Mapping[Block, Sequence[str]]) -> None:
    """Put the real outputs into the page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for block, new in sorted(renewed.items(), key=lambda pair: -pair[0].start):
        lines[block.start : block.start + len(block.lines)] = new
    page.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def prose(page: Path) -> str:
    """The text of a page without its blocks and without what is set as code."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def links(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead."""
    yield from re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: dict[str, int] = {}
    names = set()
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        names.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return names
