"""Rich text: what is accepted, how it is stored, and how it is answered."""

from __future__ import annotations

from typing import Any

from okrsync_emulators.notion.refusals import malformed, too_long, undefined, unsupported

DEFAULTS: dict[str, Any] = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}


def accept(path: str, payload: Any) -> list[dict[str, Any]]:
    """Runs of ``{content, link, annotations}``: empty ones are dropped, equal neighbours joined.

    Notion may join neighbours; a client must compare the joined text, so this emulator always joins them.
    """
    if not isinstance(payload, list):
        raise malformed(path, "an array", payload)
    if len(payload) > 100:
        raise too_long(path, 100, len(payload))
    runs: list[dict[str, Any]] = []
    for position, item in enumerate(payload):
        run = _run(f"{path}[{position}]", item)
        if runs and runs[-1] | {"content": ""} == run | {"content": ""}:
            runs[-1]["content"] += run["content"]
        elif run["content"]:
            runs.append(run)
    return runs


def _run(path: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise malformed(path, "an object", item)
    if item.get("type", "text") != "text" or "mention" in item or "equation" in item:
        raise unsupported("mentions and equations in texts")
    if not isinstance(item.get("text"), dict):
        raise undefined(f"{path}.text")
    content = item["text"].get("content")
    if not isinstance(content, str):
        raise malformed(f"{path}.text.content", "a string", content)
    if length(content) > 2000:
        raise too_long(f"{path}.text.content", 2000, length(content))
    link = item["text"].get("link")
    if link is not None and not (isinstance(link, dict) and isinstance(link.get("url"), str)):
        raise malformed(f"{path}.text.link", "an object with a url or `null`", link)
    if link is not None and length(link["url"]) > 2000:
        raise too_long(f"{path}.text.link.url", 2000, length(link["url"]))
    annotations = DEFAULTS | (item.get("annotations") or {})
    return {"content": content, "link": link, "annotations": annotations}


def length(text: str) -> int:
    """In UTF-16 units, as JavaScript counts: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def stored(text: str) -> list[dict[str, Any]]:
    """The runs of a text that a person typed."""
    return [{"content": text, "link": None, "annotations": dict(DEFAULTS)}] if text else []


def plain(runs: list[dict[str, Any]] | None) -> str:
    return "".join(run["content"] for run in runs or [])


def answered(runs: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [
        {
            "type": "text",
            "text": {"content": run["content"], "link": run["link"]},
            "annotations": dict(run["annotations"]),
            "plain_text": run["content"],
            "href": run["link"]["url"] if run["link"] else None,
        }
        for run in runs or []
    ]
