"""Answer requests to the Agile interface: boards, their configuration, sprints, and their issues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from okrsync_emulators.jira.conditions import compile_query, parse_or_refuse
from okrsync_emulators.jira.search import beans
from okrsync_emulators.jira.site import Call
from okrsync_emulators.jira.texts import Refusal
from okrsync_emulators.jira.world import SPRINT, Board, Issue, Sprint


def _paged(call: Call, values: Sequence[Any]) -> dict[str, Any]:
    start, size = call.number("startAt", 0), min(max(call.number("maxResults", 50), 0), 50)
    page = list(values[start : start + size])
    return {
        "maxResults": size,
        "startAt": start,
        "total": len(values),
        "isLast": start + size >= len(values),
        "values": page,
    }


def _visible_board(call: Call, number: int) -> Board:
    board = call.world.boards.get(number)
    if board is None or not call.sees_project(board.project):
        raise Refusal(404, "The requested board cannot be viewed because it either does not exist or you do not have permission to view it.")  # fmt: skip
    return board


def _bean(call: Call, board: Board) -> dict[str, Any]:
    project = call.world.projects[board.project]
    return {
        "id": board.id,
        "self": f"{call.site.url}/rest/agile/1.0/board/{board.id}",
        "name": board.name,
        "type": board.type,
        "location": {"projectId": project.id, "projectKey": project.key, "projectName": project.name},
        **({"isPrivate": board.private} if call.site.cloud else {}),
    }


def boards(call: Call) -> Any:
    wanted, kind, name = call.last("projectKeyOrId"), call.last("type"), call.last("name")
    visible = [
        _bean(call, board)
        for board in call.world.boards.values()
        if call.sees_project(board.project)
        and (wanted is None or wanted in {board.project, str(call.world.projects[board.project].id)})
        and (kind is None or board.type in kind.split(","))
        and (name is None or name.casefold() in board.name.casefold())
    ]
    return _paged(call, visible)


def board(call: Call) -> Any:
    return _bean(call, _visible_board(call, int(call.parts[0])))


def configuration(call: Call) -> Any:
    """The columns' statuses and the field that estimates; the last column is what the board calls done."""
    found = _children(call, int(call.parts[0]))
    answer: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "type": found.type,
        "self": f"{call.site.url}/rest/agile/1.0/board/{found.id}/configuration",
        "location": {"type": "project", "key": found.project},
        "columnConfig": {
            "columns": [
                {
                    "name": name,
                    "statuses": [
                        {"id": status, "self": f"{call.site.url}/rest/api/2/status/{status}"}
                        for status in statuses
                    ],
                }
                for name, statuses in found.columns
            ],
            "constraintType": "none",
        },
        "ranking": {"rankCustomFieldId": 10_019},
    }
    if found.estimation:
        known = call.world.fields[found.estimation]
        answer["estimation"] = {"type": "field", "field": {"fieldId": known.id, "displayName": known.name}}
    elif found.type == "scrum":
        answer["estimation"] = {"type": "issueCount"}
    return answer


def _children(call: Call, number: int) -> Board:
    """A private board is listed, but what it holds answers 404."""
    found = _visible_board(call, number)
    if found.private:
        raise Refusal(404, "The requested board cannot be viewed because it either does not exist or you do not have permission to view it.")  # fmt: skip
    return found


def board_sprints(call: Call) -> Any:
    found = _children(call, int(call.parts[0]))
    if found.type != "scrum":
        raise Refusal(400, "The board does not support sprints")
    states = call.listed("state")
    if unknown := [state for state in states if state not in {"closed", "active", "future"}]:
        raise Refusal(400, f"The sprint state '{unknown[0]}' is not valid.")  # Unknown: the words
    # A sprint that was begun on another board is shown here too, once this board's issues were in it.
    visiting = {
        number
        for issue in call.world.issues.values()
        if issue.project == found.project
        for number in issue.values.get(SPRINT, ())
    }
    sprints = [
        call.shapes.sprint(sprint)
        for sprint in call.world.sprints.values()
        if (sprint.board == found.id or sprint.id in visiting) and (not states or sprint.state in states)
    ]
    return _paged(call, sprints)


def sprint(call: Call) -> Any:
    return call.shapes.sprint(_visible_sprint(call, int(call.parts[0])))


def _visible_sprint(call: Call, number: int) -> Sprint:
    found = call.world.sprints.get(number)
    if found is None:
        raise Refusal(404, f"The sprint with ID {number} does not exist.")  # Unknown: the words
    _visible_board(call, found.board)
    return found


def sprint_issues(call: Call) -> Any:
    number = _visible_sprint(call, int(call.parts[-1])).id
    inside = [issue for issue in call.world.issues.values() if number in issue.values.get(SPRINT, ())]
    if len(call.parts) > 1:
        project = _children(call, int(call.parts[0])).project
        inside = [issue for issue in inside if issue.project == project]
    return _issues(call, inside)


def board_issues(call: Call) -> Any:
    found = _children(call, int(call.parts[0]))
    return _issues(call, [issue for issue in call.world.issues.values() if issue.project == found.project])


def _issues(call: Call, issues: list[Issue]) -> dict[str, Any]:
    """The Agile interface still pages by startAt and knows its total, on Cloud too."""
    compiled = compile_query(call.world, call.asker, parse_or_refuse(call.last("jql", "") or ""))
    where = compiled.where
    seen = compiled.order([issue for issue in issues if call.sees(issue) and (where is None or where(issue))])
    start, size = call.number("startAt", 0), max(0, min(call.number("maxResults", 50), call.site.page_cap))
    names = call.listed("fields") or ["*navigable"]
    page = seen[start : start + size]
    with_history = "changelog" in (call.last("expand") or "")
    return {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(seen),
        "issues": beans(call, page, [*names, "key"], with_history=with_history),
    }
