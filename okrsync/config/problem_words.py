"""Put what a model refuses into plain words: what to write, with an example."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from okrsync.cells import CURRENT, PROGRESS
from okrsync.config.yaml_faults import quoted
from okrsync.spelling import counted, did_you_mean

_WITH_GOALS: Final = {"KeyResultModel", "KpiModel", "ObjectiveModel", "InitiativeModel"}
_TARGET: Final = (
    "write `reach: 60` to go from 0 to 60, `from: 20` and `to: 60` to begin elsewhere, "
    "`at_least: 60` or `at_most: 60` for a limit"
)
_KEY_RESULT: Final = {
    ("target", "goal", "value", "target_value", "end", "finish"): _TARGET,
    ("start_value", "initial", "begin"): "write `from:` for where it starts, and `to:`",
    (CURRENT.name, PROGRESS.name, "actual"): "okrsync computes it from `metric:`; take the line out",
    ("parent", "objective_id"): "write `objective:` with the id of an objective",
    ("expr", "jql", "measure"): "it belongs to the metric, under `metrics:`",
}
_ALL: Final = {
    ("min", "minimum", "more_than"): "write `at_least:`",
    ("max", "maximum", "less_than", "limit"): "write `at_most:`",
    ("between", "range", "band"): "write `within: [3, 5]`",
    ("name", "description", "text"): "write `title:`",
    ("key_results", "krs"): "write `objective:` at each key result instead",
    (
        "due",
        "deadline",
        "start_date",
        "end_date",
        "comment",
        "tags",
        "team",
    ): "people keep it in Notion, and okrsync has no use for it: take the line out",
}


def familiar(word: str, model: str) -> str:
    """What a key of another tool, or of another place, is called here; empty if that is not known."""
    if model not in _WITH_GOALS:
        return ""
    plain = word.casefold().replace("-", "_").replace(" ", "_")
    tables = (_KEY_RESULT, _ALL) if model == "KeyResultModel" else (_ALL,)
    return next((hint for table in tables for words, hint in table.items() if plain in words), "")


def explained(line: Mapping[str, Any], name: str, description: str) -> tuple[str, str]:
    """What is wrong in one line of pydantic's errors, and what to write instead."""
    given, limits = line["input"], line.get("ctx", {})
    match line["type"]:
        case "literal_error" | "enum":
            return _choice(given, name, str(limits["expected"]))
        case kind if kind.startswith("date"):
            return f"{name}: {short(given)} is not a date", "write it as 2026-10-01: year, month and day"
        case "string_type" if isinstance(given, int | Decimal | bool):
            return f"{name}: {shown(given)} must be a text", f'put it in quotes: "{shown(given)}"'
        case "string_type" | "string_pattern_mismatch":
            return f"{name} cannot be {short(given)}", description or "write a text"
        case "string_too_short" | "string_too_long":
            return f"{name} is too short or too long", description or "write between 1 and 100 letters"
        case "model_type" | "dict_type" | "model_attributes_type" | "mapping_type":
            what = (
                "has nothing below it"
                if given is None
                else f"cannot be {short(given)} alone: it has parts with names"
            )
            deeper = f"begin the lines that belong to it with two more blanks than {name}, or write {name}: {{name: value}}"
            return f"{name} {what}", description or (
                deeper if given is None else f"write {name}: {{name: value}}"
            )
        case "list_type" | "tuple_type":
            what = "has nothing below it" if given is None else f"cannot be {short(given)}: it is a list"
            return f"{name} {what}", _list_hint(given, name, description)
        case "too_short" | "too_long":
            return (
                f"{name} has {counted(limits['actual_length'], 'part')}",
                description or f"write {_how_many(limits)}",
            )
        case kind if kind.startswith("bool"):
            return f"{name}: {short(given)} is neither yes nor no", "write true or false"
        case kind if kind.startswith(("decimal", "int", "float", "finite")) or kind == "is_instance_of":
            return f"{name}: {short(given)} is not a number here", _number_hint(given, kind)
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return (
                f"{name}: {shown(given)} is too {'small' if 'greater' in line['type'] else 'large'}",
                _bound(limits),
            )
        case _:
            return (
                f"{name}: {str(line['msg'])[:1].lower()}{str(line['msg'])[1:]}, not {short(given)}",
                description,
            )


def _choice(given: Any, name: str, expected: str) -> tuple[str, str]:
    allowed = [one.strip().strip("'") for one in expected.replace(" or ", ", ").split(",")]
    if allowed == ["True"]:
        return f"{name} cannot be {short(given)}", f"write {name}: true, or take the line out"
    return f"{name} cannot be {short(given)}", did_you_mean(shown(given), allowed)


def _list_hint(given: Any, name: str, description: str) -> str:
    if isinstance(given, str | int | Decimal) and not isinstance(given, bool):
        return f"put it in square brackets: {name}: [{shown(given)}]"
    return description or f"write below {name}: one line for each, beginning with `- `"


def _how_many(limits: Mapping[str, Any]) -> str:
    least, most = limits.get("min_length"), limits.get("max_length")
    return (
        f"at least {least}"
        if least is not None and most is None
        else f"{most} at most"
        if least is None
        else f"{least}"
    )


def _number_hint(given: Any, kind: str) -> str:
    if isinstance(given, str) and "," in given:
        return f"write the decimals after a point: {given.replace(',', '.')}"
    return "write a whole number, such as 3" if kind.startswith("int") else "write a number, such as 3 or 0.5"


def _bound(limits: Mapping[str, Any]) -> str:
    words = {"gt": "more than {}", "ge": "{} or more", "lt": "less than {}", "le": "{} or less"}
    (text,) = (words[name].format(limit) for name, limit in limits.items() if name in words)
    percent = "; a share is written 30% or 0.3" if limits.get("le") == 1 else ""
    return f"write {text}{percent}"


def about(model: type[BaseModel], inside: tuple[str | int, ...]) -> str:
    """What the key at ``inside`` is and an example of it, as far as the model says so."""
    steps = [step for step in inside if isinstance(step, str)]
    for step in steps[:-1]:
        nested = models_in(annotation_of(model, step))
        if not nested:
            return ""
        model = nested[0]
    for name, info in model.model_fields.items():
        if steps and steps[-1] in {name, info.alias}:
            key = info.alias or name
            said = f"{key}: {info.description}" if info.description else ""
            if not info.examples:
                return said
            part = inside and isinstance(inside[-1], int) and isinstance(info.examples[0], list)
            example = f"- {flow(info.examples[0][0])}" if part else f"{key}: {flow(info.examples[0])}"
            return f"{said}; for example {example}" if said else f"for example {example}"
    return ""


def flow(value: Any) -> str:
    """Plain data as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if isinstance(value, str) and (not value[:1].isalnum() or any(sign in value for sign in ",:#%*{}[]")):
        return quoted(value)
    return shown(value)


def shown(value: Any) -> str:
    """A value as it is written in YAML."""
    return str(value).lower() if isinstance(value, bool) else "nothing" if value is None else str(value)


def short(value: Any) -> str:
    """A value as a person wrote it, cut if it is long."""
    text = repr(value) if isinstance(value, str) else flow(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def annotation_of(model: type[BaseModel], step: str | int) -> Any:
    for name, info in model.model_fields.items():
        if step in {name, info.alias}:
            return info.annotation
    return None


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in models_in(inner)]
