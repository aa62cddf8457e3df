"""Ask the person at the terminal, or say which option answers the question if there is no terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import typer

from okrsync.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Questions:
    """``asks`` is false if nobody can answer: then only options count."""

    asks: bool

    @classmethod
    def at_the_terminal(cls) -> Questions:
        return cls(sys.stdin.isatty())

    def needed(self, given: str, question: str, option: str, *, hidden: bool = False) -> str:
        """What the option says, else the person's answer. Raises ``ConfigError`` with the option if nobody can answer."""
        if given:
            return given
        if not self.asks:
            raise ConfigError(f"it is not said: {question}", hint=option)
        answer: str = typer.prompt(question, hide_input=hidden)
        return answer.strip()

    def optional(self, given: str, question: str, default: str = "", *, hidden: bool = False) -> str:
        """What the option says, else the person's answer, which may be empty, else the default."""
        if given or not self.asks:
            return given or default
        answer: str = typer.prompt(question, default=default, hide_input=hidden, show_default=bool(default))
        return answer.strip() or default
