"""Accept, store and answer rich text."""

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
        if "mention" not in run and runs and runs[-1] | {"content": ""} == run | {"content": ""}:
            runs[-1]["content"] += run["content"]
        elif run["content"]:
            runs.append(run)
    return runs


def _run(path: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise malformed(path, "an object", item)
    if item.get("type") == "equation" or "equation" in item:
        raise unsupported("equations in texts")
    if item.get("type") == "mention" or "mention" in item:
        return _mention(path, item)
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


def _mention(path: str, item: dict[str, Any]) -> dict[str, Any]:
    """A mention, kept as it was sent. Unknown: its plain text, which Notion makes from what is mentioned."""
    mention = item.get("mention")
    if not isinstance(mention, dict):
        raise undefined(f"{path}.mention")
    kind = next((key for key in ("user", "page", "database", "date") if key in mention), None)
    if kind is None:
        raise unsupported("this kind of mention")
    held = mention[kind] or {}
    shown = f"@{held['start']}" if kind == "date" else f"@{held.get('name') or held.get('id')}"
    annotations = DEFAULTS | (item.get("annotations") or {})
    return {"content": shown, "link": None, "annotations": annotations, "mention": {"type": kind, kind: held}}


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
            **_body(run),
            "annotations": dict(run["annotations"]),
            "plain_text": run["content"],
            "href": run["link"]["url"] if run["link"] else None,
        }
        for run in runs or []
    ]


def _body(run: dict[str, Any]) -> dict[str, Any]:
    if "mention" in run:
        return {"type": "mention", "mention": run["mention"]}
    return {"type": "text", "text": {"content": run["content"], "link": run["link"]}}
