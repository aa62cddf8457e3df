"""Draw charts as SVG by Vega-Lite, in the page's own colours: CSS variables, which light and dark set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any, Final

from okrsync.errors import ConfigError
from okrsync.extras import install_command
from okrsync.redaction import redact
from okrsync.report.chart import Chart, Dot

WIDTH: Final = 380
HEIGHT: Final = 148
_FONT: Final = 11
MOST_DOTS: Final = 20
"""More values than this are a line without dots."""
# What Vega draws for its own JavaScript: the page's picture has one role and one text for all of it.
_NOISE: Final = re.compile(
    r'<path [^>]*d="" [^>]*/>|<path class="background"[^>]*/>'
    r'| (?:aria-[a-z]+|role|pointer-events|font-family|font-style|class|version|xmlns:xlink)="[^"]*"'
    r'| (?:stroke-miterlimit|opacity|stroke-opacity)="1?0?"'
)
_CLIP: Final = re.compile(r"\bclip\d+\b")
_EMPTY: Final = re.compile(r"<g/>|<g(?: transform=\"translate\(0,0\)\")?>\s*</g>")
_OUTER: Final = re.compile(r"<svg [^>]*viewBox=\"([^\"]*)\"[^>]*>")
_LONG: Final = re.compile(r"-?\d+\.\d{3,}")


def _layer(name: str, mark: dict[str, Any], **encoding: Any) -> dict[str, Any]:
    return {"data": {"name": name}, "mark": mark, "encoding": encoding}


def _rule(name: str, ink: str, width: float, dash: tuple[int, ...] = ()) -> dict[str, Any]:
    """A line over the whole width, or for the day that it is over the whole height."""
    along = {"y": None} if name == "today" else {"x": None}
    return _layer(name, _stroke("rule", ink, width, dash), **along)


def _stroke(mark: str, ink: str, width: float, dash: tuple[int, ...] = ()) -> dict[str, Any]:
    drawn = {"type": mark, "color": f"var(--{ink})", "strokeWidth": width}
    return drawn | ({"strokeDash": list(dash)} if dash else {})


def _dot(size: int, fill: str, edge: str = "") -> dict[str, Any]:
    mark = {"type": "circle", "size": size, "fill": f"var(--{fill})", "opacity": 1}
    return mark | ({"stroke": f"var(--{edge})", "strokeWidth": 1.5} if edge else {})


def _text(name: str, align: str, dx: int, dy: int, **more: Any) -> dict[str, Any]:
    """Texts are written in the company's language before; Vega only places them."""
    mark = {"type": "text", "align": align, "baseline": "middle", "dx": dx, "dy": dy, "fontSize": _FONT}
    return _layer(name, mark | {"color": "var(--muted)"} | more, text={"field": "label"})


_SCALE: Final = {"domain": [0, 1], "nice": False, "zero": False}
_STRONG: Final = {"fontWeight": 600, "color": "var(--ink)"}
# A text's edge in the colour of the card: lines that run below the text stop short of it.
_HALO: Final = {"fontWeight": 600, "color": "var(--card)", "stroke": "var(--card)", "strokeWidth": 4}
DRAWING: Final[dict[str, Any]] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": WIDTH,
    "height": HEIGHT,
    "autosize": "none",
    "background": "transparent",
    "config": {"font": "sans-serif", "view": {"stroke": None}, "aria": False},
    "encoding": {
        name: {"field": name, "type": "quantitative", "scale": _SCALE, "axis": None} for name in ("x", "y")
    },
    "layer": [
        _rule("floor", "line", 1),
        _text("ticks", "left", 0, 14),
        _text("labels", "right", -7, 0),
        _rule("today", "faint", 0.5),
        _rule("starts", "faint", 1, (1, 3)),
        _rule("aims", "aim", 1.5),
        _layer("pace", _stroke("line", "faint", 1.25, (4, 3))),
        _layer(
            "band",
            {"type": "area", "color": "var(--data)", "opacity": 0.16, "clip": True},
            y2={"field": "top"},
        ),
        _layer("forecast", _stroke("line", "data", 1.25, (2, 3)) | {"clip": True}),
        _layer("values", _stroke("line", "data", 2)),
        _layer("dots", _dot(16, "data")),
        _layer("check_ins", _dot(44, "card", "data")),
        _layer("last", _dot(60, "data", "card")),
        _text("last", "left", 8, -8, **_HALO),
        _text("last", "left", 8, -8, **_STRONG),
    ],
}
"""All charts: the band and the lines first, the values over them. Each layer is named after its data."""


def require_vega() -> Any:
    """The library. Raises ``ConfigError`` with the command that installs it."""
    try:
        import vl_convert
    except ImportError as error:
        raise ConfigError(
            "the charts of a page need more than is installed; `--format markdown` works without",
            hint=install_command("report"),
        ) from error
    return vl_convert


def svg(chart: Chart, name: str) -> str:
    """The chart as an ``svg`` element of a page: it says in words what it shows, and takes the room that it is given.

    ``name`` is an id of the page: what the picture refers to in itself is called after it.
    """
    return _slim(require_vega().vega_to_svg(vega(chart)), chart.text, name)


def vega(chart: Chart) -> dict[str, Any]:
    """The chart in Vega: the one drawing that Vega-Lite makes of ``DRAWING``, with the chart's own numbers."""
    made, data = _compiled(), _data(chart)
    domains = {"x": [0, chart.days], "y": [float(chart.low), float(chart.high)]}
    right = 8 + (_width(chart.last) if chart.values[-1][0] > chart.days * 0.8 else 0)
    return {
        **made,
        "padding": {"left": _left(chart), "top": 10, "right": right, "bottom": 20},
        "data": [
            {**one, "values": data[one["name"]]} if one["name"] in data else one for one in made["data"]
        ],
        "scales": [{**one, "domain": domains[one["name"]]} for one in made["scales"]],
    }


@cache
def _compiled() -> dict[str, Any]:
    """Vega-Lite takes longer than Vega to draw: all charts are one drawing, so it is asked once."""
    made: dict[str, Any] = require_vega().vegalite_to_vega(DRAWING)
    return made


def _data(chart: Chart) -> dict[str, list[dict[str, Any]]]:
    """The points of each layer; a layer without any draws nothing."""
    floor, (day, value) = float(chart.low), chart.values[-1]
    last = [{"x": day, "y": float(value), "label": chart.last}]
    ahead = chart.cone
    return {
        "floor": [{"y": floor}],
        "ticks": [{"x": place, "y": floor, "label": text} for place, text in chart.ticks],
        "labels": [{"x": 0, "y": place, "label": text} for place, text in _labels(chart)],
        "today": [{"x": chart.today}] if chart.today is not None else [],
        "starts": [{"y": float(one.value)} for one in chart.levels if not one.aim],
        "aims": [{"y": float(one.value)} for one in chart.levels if one.aim],
        "pace": _points(chart.pace),
        "band": [
            {"x": ahead.start[0], "y": float(ahead.start[1]), "top": float(ahead.start[1])},
            {"x": ahead.end[0], "y": float(ahead.low), "top": float(ahead.high)},
        ]
        if ahead is not None
        else [],
        "forecast": _points((ahead.start, ahead.end)) if ahead is not None else [],
        "values": _points(chart.values),
        "dots": _points(chart.values[:-1]) if len(chart.values) <= MOST_DOTS else [],
        "check_ins": _points(chart.check_ins),
        "last": last,
    }


def _points(dots: Iterable[Dot]) -> list[dict[str, Any]]:
    return [{"x": day, "y": float(value)} for day, value in dots]


def _labels(chart: Chart) -> list[tuple[float, str]]:
    """The goal's numbers, those first that are aimed at, without any that would lie on another one."""
    span = float(chart.high - chart.low)
    kept: list[tuple[float, str]] = []
    for one in sorted(chart.levels, key=lambda level: not level.aim):
        place = float(one.value)
        if all(abs(place - other) / span * HEIGHT >= _FONT + 2 for other, _ in kept):
            kept.append((place, one.label))
    return kept


def _left(chart: Chart) -> int:
    return 8 + max((_width(text) for _, text in _labels(chart)), default=0)


def _width(text: str) -> int:
    """About how wide the text is, in the chart's units; a font is known only to who looks at the page."""
    return round(len(text) * _FONT * 0.6) + 6


def _slim(drawn: str, text: str, name: str) -> str:
    """Without what only Vega's JavaScript reads, and with the picture's text."""
    lean = _NOISE.sub("", drawn)
    clips = {clip: f"{name}-clip-{place}" for place, clip in enumerate(dict.fromkeys(_CLIP.findall(lean)))}
    lean = _CLIP.sub(lambda found: escape(clips[found[0]]), lean)
    lean = _LONG.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), lean)
    emptied = 1
    while emptied:
        lean, emptied = _EMPTY.subn("", lean)
    return _OUTER.sub(rf'<svg role="img" aria-label="{_quoted(redact(text))}" viewBox="\1">', lean, count=1)


def _quoted(text: str) -> str:
    return escape(text, quote=True).replace("\\", "\\\\")
