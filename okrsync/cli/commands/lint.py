"""``okrsync lint``: the advice on good OKRs as warnings, without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.output import say, say_json
from okrsync.cli.results import say_unreadable
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean

if TYPE_CHECKING:
    from okrsync.config import Company
    from okrsync.lint import Warned
    from okrsync.render import outputs


def lint(
    ctx: typer.Context,
    companies: Annotated[list[str] | None, typer.Argument(metavar="COMPANY", help="Default: all.")] = None,
    off: Annotated[
        list[str] | None, typer.Option("--off", metavar="RULE", help="Switch a rule off; may be repeated.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules with their reasons.")] = False,
    as_json: Json = False,
) -> int:
    """Warn of OKRs that are legal and rarely wise. Sends no request, and changes nothing.

    A rule is switched off here with --off, or in the YAML with `lint: {off: [RULE]}`.
    """
    from okrsync.lint import RULES, lint

    context: Context = ctx.obj
    for name in off or ():
        if name not in RULES:
            raise ConfigError(f"there is no rule {name!r}", hint=did_you_mean(name, RULES))
    if rules:
        return _rules(as_json=as_json)
    names = companies or context.companies()
    if not names:
        raise context.no_company()
    found: list[tuple[Company, list[Warned]]] = []
    unreadable: list[outputs.Failure] = []
    with context.ledger() as ledger:
        for name in names:
            try:
                loaded = context.company(name)
            except ConfigError as error:
                if len(names) == 1:
                    raise
                unreadable.append(say_unreadable(name, error, as_json=as_json))
                continue
            memory = ledger.recall(loaded.id)
            found.append((loaded, lint(loaded, memory.outcomes, context.clock.now(), off or ())))
    if as_json:
        say_json({"companies": [*(_data(company, warned) for company, warned in found), *unreadable]})
    else:
        _say(found)
    if unreadable:
        return ExitCode.CONFIG
    return ExitCode.HELD if any(warned for _, warned in found) else ExitCode.IN_SYNC


def _rules(*, as_json: bool) -> int:
    from rich.text import Text

    from okrsync.lint import RULES

    if as_json:
        say_json(
            {"rules": [{"name": one.name, "reason": one.reason, "hint": one.hint} for one in RULES.values()]}
        )
        return ExitCode.IN_SYNC
    text = Text()
    for one in RULES.values():
        text.append(f"{one.name}\n", style="bold").append(f"    {one.reason}\n").append(
            f"    → {one.hint}\n", "cyan"
        )
    say(text)
    return ExitCode.IN_SYNC


def _data(company: Company, warned: list[Warned]) -> dict[str, object]:
    return {
        "company": company.id,
        "off": sorted(company.lint_off),
        "warnings": [
            {
                "rule": one.rule.name,
                "id": one.subject,
                "place": one.place,
                "text": one.text,
                "reason": one.rule.reason,
                "hint": one.rule.hint,
            }
            for one in warned
        ],
    }


def _say(found: list[tuple[Company, list[Warned]]]) -> None:
    """Each warning with its place; the reason and the next step of a rule once, at the first of its warnings."""
    from rich.text import Text

    text, explained = Text(), set[str]()
    for company, warned in found:
        if not warned:
            text.append(f"{company.path}: nothing to say\n")
        for one in warned:
            text.append(f"{one.place}: ", style="dim")
            text.append(f"{one.subject}: " if one.subject else "", style="bold").append(f"{one.text} ")
            text.append(f"[{one.rule.name}]\n", style="yellow")
            if one.rule.name not in explained:
                explained.add(one.rule.name)
                text.append(f"    {one.rule.reason}\n").append(f"    → {one.rule.hint}\n", style="cyan")
        if warned:
            ids = {one.rule.name for one in warned}
            count = f"{len(warned)} warning{'s' if len(warned) > 1 else ''}"
            text.append(
                f"{company.path}: {count} by {len(ids)} rule{'s' if len(ids) > 1 else ''}\n", style="bold"
            )
    say(text)
