"""Build the tests of a query's filters, with the semantics that recorded traffic shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from okrsync_emulators.notion import dates, texts
from okrsync_emulators.notion.date_filters import date_test
from okrsync_emulators.notion.refusals import invalid, malformed, out_of_range, undefined, unsupported
from okrsync_emulators.notion.workspace import AUTHORS, STAMPS, TEXTS, Column, DataSource, Row, Workspace

Test = Callable[[Row], bool]
# Unknown: how many conditions one and/or takes. The documents limit every array of a request to 100 elements.
CONDITIONS = 100
_EMPTY = frozenset({"is_empty", "is_not_empty"})
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "starts_with": lambda value, wanted: value.startswith(wanted),
    "ends_with": lambda value, wanted: value.endswith(wanted),
}
_NUMBER: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "greater_than": lambda value, wanted: value > wanted,
    "less_than": lambda value, wanted: value < wanted,
    "greater_than_or_equal_to": lambda value, wanted: value >= wanted,
    "less_than_or_equal_to": lambda value, wanted: value <= wanted,
}


def compile_filter(workspace: Workspace, source: DataSource, node: Any) -> Test:
    """A test for rows. Raises RefusalError for what Notion would not take."""
    return _node(workspace, source, "body.filter", node, depth=0)


def _node(workspace: Workspace, source: DataSource, path: str, node: Any, *, depth: int) -> Test:
    if not isinstance(node, dict):
        raise malformed(path, "an object", node)
    for word, combine in (("and", all), ("or", any)):
        if word in node:
            parts = node[word]
            if depth == 2 or not isinstance(parts, list):
                # Two levels of and/or are all that the API's schema has room for.
                raise malformed(f"{path}.{word}", "not present" if depth == 2 else "an array", parts)
            if len(parts) > CONDITIONS:
                raise out_of_range(f"{path}.{word}.length", f"≤ `{CONDITIONS}`", len(parts))
            tests = [
                _node(workspace, source, f"{path}.{word}[{position}]", part, depth=depth + 1)
                for position, part in enumerate(parts)
            ]
            return _combined(combine, tests)
    if "timestamp" in node:
        return _timestamp(workspace, path, node)
    if "property" not in node:
        raise undefined(f"{path}.property")
    return _property(workspace, source, path, node)


def _combined(combine: Callable[[Iterable[bool]], bool], tests: list[Test]) -> Test:
    return lambda row: combine(test(row) for test in tests)


def _timestamp(workspace: Workspace, path: str, node: dict[str, Any]) -> Test:
    which = node["timestamp"]
    if which not in STAMPS:
        raise malformed(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', which)
    operator, wanted = _operator(f"{path}.{which}", node.get(which))
    return _on_stamp(workspace, which, f"{path}.{which}", operator, wanted)


def _on_stamp(workspace: Workspace, which: str, path: str, operator: str, wanted: Any) -> Test:
    accept = date_test(workspace.now(), path, operator, wanted)
    if which == "created_time":
        return lambda row: accept(dates.floored(row.created))
    return lambda row: accept(dates.floored(row.edited))


def _operator(path: str, condition: Any) -> tuple[str, Any]:
    if not isinstance(condition, dict):
        raise undefined(path, "an object")
    if len(condition) != 1:
        raise malformed(path, "an object with exactly one condition", condition)
    ((operator, wanted),) = condition.items()
    if operator in _EMPTY and wanted is not True:
        raise malformed(f"{path}.{operator}", "`true`", wanted)
    return operator, wanted


def _property(workspace: Workspace, source: DataSource, path: str, node: dict[str, Any]) -> Test:
    escaped = workspace.behaviour.escaped_keys
    column = source.column_by_key(str(node["property"]), escaped=escaped)
    if column is None:
        raise invalid(f"Could not find property with name or id: {node['property']}")
    kinds = [key for key in node if key not in {"property", "type"}]
    if len(kinds) != 1:
        raise undefined(f"{path}.{column.kind}")
    given = kinds[0]
    # A rich_text filter is taken for every kind of text column.
    if given != column.kind and not (given == "rich_text" and column.kind in TEXTS):
        raise invalid(f"database property {column.kind} does not match filter {given}")
    where = f"{path}.{given}"
    condition = node[given]
    if column.kind in {"formula", "rollup"}:
        return _computed(workspace, column, where, condition)
    operator, wanted = _operator(where, condition)
    if column.kind in STAMPS:
        return _on_stamp(workspace, column.kind, where, operator, wanted)
    if column.kind in AUTHORS:
        return _author(workspace, column, where, operator, wanted)
    return _cell(workspace, column, where, operator, wanted)


def _cell(workspace: Workspace, column: Column, path: str, operator: str, wanted: Any) -> Test:
    identity, kind = column.id, column.kind
    if kind in TEXTS:
        accept = _text_test(path, operator, wanted)
        if kind in {"title", "rich_text"}:
            return lambda row: accept(texts.plain(row.cells.get(identity)))
        return lambda row: accept(row.cells.get(identity) or "")
    if kind in {"number", "unique_id"}:
        accept_number = _number_test(path, operator, wanted)
        return lambda row: accept_number(row.cells.get(identity))
    if kind == "checkbox":
        return _checkbox_test(identity, path, operator, wanted)
    if kind == "date":
        accept_date = date_test(workspace.now(), path, operator, wanted)
        return lambda row: accept_date(_start(row.cells.get(identity)))
    if kind in {"select", "status"}:
        return _choice_test(column, path, operator, wanted)
    return _list_test(workspace, column, path, operator, wanted)


def _start(value: dict[str, Any] | None) -> date | datetime | None:
    return None if value is None else dates.parsed(value["start"])


def _computed(workspace: Workspace, column: Column, path: str, condition: Any) -> Test:
    """A formula is filtered by its result's type, a rollup also by ``any``, ``every`` or ``none`` of its values."""
    if not isinstance(condition, dict) or len(condition) != 1:
        raise undefined(f"{path}.{column.result}", "an object")
    ((kind, inner),) = condition.items()
    if column.kind == "rollup" and kind in {"any", "every", "none"}:
        return _of_values(workspace, column, path, kind, inner)
    result = {"string": "string", "checkbox": "boolean", "number": "number", "date": "date"}.get(kind)
    if result != column.result:
        raise invalid(f"formula property {column.result} does not match filter {kind}")
    operator, wanted = _operator(f"{path}.{kind}", inner)
    identity = column.id
    if kind == "string":
        accept = _text_test(path, operator, wanted)
        return lambda row: accept(row.cells.get(identity) or "")
    if kind == "checkbox":
        return _checkbox_test(identity, path, operator, wanted)
    if kind == "date":
        accept_date = date_test(workspace.now(), path, operator, wanted)
        return lambda row: accept_date(_start(row.cells.get(identity)))
    accept_number = _number_test(path, operator, wanted)
    # "unsupported" and "incomplete" are no numbers: no comparison holds for them.
    return lambda row: accept_number(v if not isinstance(v := row.cells.get(identity), str) else None)


def _of_values(workspace: Workspace, column: Column, path: str, quantifier: str, condition: Any) -> Test:
    """A condition on the single values that a rollup shows. A row's literal is a list, or counts as a list of one."""
    if not isinstance(condition, dict) or len(condition) != 1:
        raise undefined(f"{path}.{quantifier}", "an object")
    ((kind, inner),) = condition.items()
    where = f"{path}.{quantifier}.{kind}"
    operator, wanted = _operator(where, inner)
    accept: Callable[[Any], bool]
    if kind in TEXTS:
        accept = _text_test(where, operator, wanted)
    elif kind == "number":
        accept = _number_test(where, operator, wanted)
    elif kind == "date":
        day = date_test(workspace.now(), where, operator, wanted)
        accept = lambda value: day(dates.parsed(str(value)))  # noqa: E731
    else:
        raise unsupported(f"a rollup filter on {kind}")
    return lambda row: _holds(quantifier, [accept(one) for one in _listed(row.cells.get(column.id))])


def _listed(value: Any) -> list[Any]:
    if value is None or value in ("unsupported", "incomplete"):
        return []
    return value if isinstance(value, list) else [value]


def _holds(quantifier: str, found: list[bool]) -> bool:
    """Unknown: what Notion says of a rollup without values; here ``every`` and ``none`` hold for it, as in logic."""
    if quantifier == "any":
        return any(found)
    return all(found) if quantifier == "every" else not any(found)


def _text_test(path: str, operator: str, wanted: Any) -> Callable[[str], bool]:
    if operator in _EMPTY:
        return lambda value: (value == "") is (operator == "is_empty")
    if not isinstance(wanted, str):
        raise malformed(f"{path}.{operator}", "a string", wanted)
    folded = wanted.casefold()
    positive = {"does_not_equal": "equals", "does_not_contain": "contains"}.get(operator, operator)
    compare = _TEXT.get(positive)
    if compare is None:
        raise malformed(f"{path}.{operator}", "not present", wanted)
    return lambda value: compare(value.casefold(), folded) is (positive == operator)


def _number_test(path: str, operator: str, wanted: Any) -> Callable[[Any], bool]:
    if operator in _EMPTY:
        return lambda value: (value is None) is (operator == "is_empty")
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise malformed(f"{path}.{operator}", "a number", wanted)
    if operator == "does_not_equal":
        return lambda value: value is None or value != wanted
    compare = _NUMBER.get(operator)
    if compare is None:
        raise malformed(f"{path}.{operator}", "not present", wanted)
    return lambda value: value is not None and compare(value, wanted)


def _checkbox_test(identity: str, path: str, operator: str, wanted: Any) -> Test:
    if operator not in {"equals", "does_not_equal"} or not isinstance(wanted, bool):
        raise malformed(f"{path}.{operator}", "a boolean", wanted)
    expected = wanted is (operator == "equals")
    return lambda row: bool(row.cells.get(identity)) is expected


def _names(path: str, operator: str, wanted: Any) -> list[str]:
    names = wanted if isinstance(wanted, list) else [wanted]
    if not names or not all(isinstance(name, str) for name in names):
        raise malformed(f"{path}.{operator}", "a string or an array of strings", wanted)
    return names


def _choice_test(column: Column, path: str, operator: str, wanted: Any) -> Test:
    identity = column.id
    if operator in _EMPTY:
        return lambda row: (row.cells.get(identity) is None) is (operator == "is_empty")
    if operator not in {"equals", "does_not_equal"}:
        raise malformed(f"{path}.{operator}", "not present", wanted)
    options = _option_ids(column, _names(path, operator, wanted))
    return lambda row: (row.cells.get(identity) in options) is (operator == "equals")


def _option_ids(column: Column, names: list[str]) -> set[str]:
    options = {name: column.option(name) for name in names}
    for name, option in options.items():
        if option is None:
            raise invalid(f'{column.kind} option "{name}" not found for property "{column.name}".')
    return {option.id for option in options.values() if option is not None}


def _list_test(workspace: Workspace, column: Column, path: str, operator: str, wanted: Any) -> Test:
    identity = column.id
    if operator in _EMPTY:
        return lambda row: (not row.cells.get(identity)) is (operator == "is_empty")
    if operator not in {"contains", "does_not_contain"} or column.kind == "files":
        raise malformed(f"{path}.{operator}", "not present", wanted)
    names = _names(path, operator, wanted)
    if column.kind == "multi_select":
        ids = _option_ids(column, names)
    else:
        ids = {workspace.bot.id if name == "me" else name for name in names}
    return lambda row: (not ids.isdisjoint(row.cells.get(identity) or [])) is (operator == "contains")


def _author(workspace: Workspace, column: Column, path: str, operator: str, wanted: Any) -> Test:
    if operator not in {"contains", "does_not_contain"} or not isinstance(wanted, str):
        raise malformed(f"{path}.{operator}", "not present", wanted)
    user = workspace.bot.id if wanted == "me" else wanted
    by_creator = column.kind == "created_by"
    return lambda row: ((row.created_by if by_creator else row.edited_by) == user) is (operator == "contains")
