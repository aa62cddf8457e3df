"""Say why a key result has its progress and status, and what would change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.progress import PRESETS, Judge, Preset, judged
from okrsync.render.words import STATUS, number, share

_ONE = Decimal(1)


def reasons(company: Company, key_result: KeyResult, detail: Mapping[str, Any]) -> list[str]:
    """Sentences on the progress, the status and what would change them; none without a value and a goal."""
    if detail["value"] is None or detail["goal"] is None:
        return []
    if detail["goal"]["form"] in {"AtMost", "AtLeast", "Within"}:
        return list(_of_limit(company, key_result, detail))
    return list(_of_way(company, detail))


def over_time(key_result: KeyResult, detail: Mapping[str, Any]) -> bool:
    """Whether the progress is that of complete periods, and not that of the present value."""
    judging, history = key_result.judging, detail["history"]
    if judging is None or not history or detail["value"] is None:
        return False
    seen = [None if one is None else Decimal(one) for one in history]
    return judged(seen, Decimal(detail["value"]), judging.how, judging.missing) == seen


def rule_of(company: Company) -> str:
    """The rule of the status in a sentence."""
    preset = PRESETS[company.status.preset]
    tolerance = preset.on_track if company.status.tolerance is None else company.status.tolerance
    amount = f"{_percent(tolerance, company)} of it" if preset.ratio else _points(tolerance, company)
    words = f"on track up to {amount} behind what is expected"
    if preset.behind is None:
        words += ", then behind"
    else:
        most = (
            f"{_percent(preset.behind, company)} of it" if preset.ratio else _points(preset.behind, company)
        )
        words += f", behind up to {most}, then at risk"
    grace = preset.grace if company.status.grace is None else company.status.grace
    if grace:
        words += f"; nothing is late in the first {_percent(grace, company)} of the cycle"
    return words


def _points(part: Decimal, company: Company) -> str:
    """Percentage points: a difference of two shares is no share."""
    return f"{number(str((part * 100).normalize()), 'count', company.locale)} points"


def _percent(part: Decimal, company: Company) -> str:
    return share(str(part), company.locale)


# ---- a limit that holds or does not ---------------------------------------------------------------------------------


def _of_limit(company: Company, key_result: KeyResult, detail: Mapping[str, Any]) -> Iterator[str]:
    goal, unit, locale = detail["goal"], detail["unit"], company.locale
    value = number(detail["value"], unit, locale)
    limit = _limit(goal, unit, locale)
    holds = _holds(goal, Decimal(detail["value"]))
    if key_result.judging is not None and key_result.judging.how is Judge.DISTANCE:
        yield f"progress is how near {value} is to the limit, which is {_percent(_ONE, company)}"
    elif over_time(key_result, detail):
        yield "a limit that is judged over time: each period holds or does not, and progress is what became of them"
    elif holds:
        yield f"a limit holds or does not: {value} is {limit}, so progress is {_percent(_ONE, company)}"
    else:
        yield f"a limit holds or does not: {value} is not {limit}, so progress is {_percent(Decimal(0), company)}, however near it is"
        yield f"it becomes {_percent(_ONE, company)} when the value is {limit}"
        if way := _as_way(goal, unit, locale):
            yield f"to count the way there, write {way} at the key result instead of the limit"


def _limit(goal: Mapping[str, Any], unit: str, locale: str) -> str:
    match goal["form"]:
        case "AtMost":
            return f"{'less than' if goal['strict'] else 'at most'} {number(goal['limit'], unit, locale)}"
        case "AtLeast":
            return f"{'more than' if goal['strict'] else 'at least'} {number(goal['limit'], unit, locale)}"
        case _:
            low, high = (number(goal[end], unit, locale) for end in ("low", "high"))
            return f"between {low} and {high}"


def _holds(goal: Mapping[str, Any], value: Decimal) -> bool:
    match goal["form"]:
        case "AtMost":
            limit = Decimal(goal["limit"])
            return value < limit or (value == limit and not goal["strict"])
        case "AtLeast":
            limit = Decimal(goal["limit"])
            return value > limit or (value == limit and not goal["strict"])
        case _:
            return Decimal(goal["low"]) <= value <= Decimal(goal["high"])


def _as_way(goal: Mapping[str, Any], unit: str, locale: str) -> str:
    if goal["form"] == "Within":
        return ""
    return f"`from:` (where it started) and `to: {number(goal['limit'], unit, locale)}`"


# ---- a way to go ----------------------------------------------------------------------------------------------------


def _of_way(company: Company, detail: Mapping[str, Any]) -> Iterator[str]:
    if detail["progress"] is None or detail["expected"] is None or detail["status"] is None:
        return
    done, expected = Decimal(detail["progress"]), Decimal(detail["expected"])
    if done < 0:
        yield "the value is on the other side of where it started: that is less than no progress, and is shown as none"
    if done > 1:
        yield "the value is beyond the target: it is shown as no more than that, unless the table says over_100: shown"
    gap = expected - done
    ahead = "ahead of" if gap < 0 else "behind"
    if gap:
        yield f"{_points(abs(gap), company)} {ahead} what is expected by now; {rule_of(company)}"
    else:
        yield f"exactly what is expected by now; {rule_of(company)}"
    yield from _next_steps(company, detail, expected)


def _next_steps(company: Company, detail: Mapping[str, Any], expected: Decimal) -> Iterator[str]:
    """From which value on the status would be a better one, today."""
    preset = PRESETS[company.status.preset]
    if detail["status"] in {"behind", "at_risk"}:
        tolerance = preset.on_track if company.status.tolerance is None else company.status.tolerance
        steps = [("on_track", tolerance)]
        if detail["status"] == "at_risk" and preset.behind is not None:
            steps.append(("behind", preset.behind))
        for name, allowed in steps:
            if value := _value_at(company, detail, expected - allowed * _scale(preset, expected)):
                yield f"{STATUS[name]} from {value} on, today"
    if detail["status"] != "achieved" and (value := _value_at(company, detail, _ONE)):
        yield f"{_percent(_ONE, company)} at {value}"


def _scale(preset: Preset, expected: Decimal) -> Decimal:
    return expected if preset.ratio else _ONE


def _value_at(company: Company, detail: Mapping[str, Any], progress: Decimal) -> str:
    """The value with that progress, in words; empty if the goal is no way from one number to another."""
    goal = detail["goal"]
    match goal["form"]:
        case "FromTo":
            start, target = Decimal(goal["start"]), Decimal(goal["target"])
            value = start + progress * (target - start)
        case "Milestones":
            value = progress * Decimal(goal["parts"])
        case _:
            return ""
    return number(str(round(value, 2)), detail["unit"], company.locale)
