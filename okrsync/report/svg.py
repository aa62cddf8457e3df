"""Draw charts as SVG by Vega-Lite, in the page's own colours: CSS variables, which light and dark set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from okrsync.errors import ConfigError
from okrsync.extras import install_command
from okrsync.report.chart import Chart

WIDTH: Final = 380
HEIGHT: Final = 148
_FONT: Final = 11
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
# What Vega draws for its own JavaScript: the page's picture has one role and one text for all of it.
_NOISE: Final = re.compile(
    r'<path [^>]*d="" [^>]*/>|<path class="background"[^>]*/>'
    r'| (?:aria-[a-z]+|role|pointer-events|font-family|font-style|class|version|xmlns:xlink)="[^"]*"'
    r'| (?:stroke-miterlimit|opacity|stroke-opacity)="1?0?"'
)
_EMPTY: Final = re.compile(r"<g(?: transform=\"translate\(0,0\)\")?>\s*</g>")
_OUTER: Final = re.compile(r"<svg [^>]*viewBox=\"([^\"]*)\"[^>]*>")
_LONG: Final = re.compile(r"-?\d+\.\d{3,}")


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


def svg(chart: Chart) -> str:
    """The chart as an ``svg`` element of a page: it says in words what it shows, and takes the room that it is given."""
    drawn = require_vega().vegalite_to_svg(spec(chart), vl_version=None)
    return _slim(drawn, chart.text)


def spec(chart: Chart) -> dict[str, Any]:
    """The chart in Vega-Lite: the band and the lines first, then the values over them."""
    return {
        "$schema": _SCHEMA,
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": "none",
        "padding": {"left": _left(chart), "top": 8, "right": 8 + _width(chart.last), "bottom": 20},
        "background": "transparent",
        "config": {"font": "sans-serif", "view": {"stroke": None}, "aria": False},
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "scale": {"domain": [0, chart.days], "nice": False, "zero": False},
                "axis": None,
            },
            "y": {
                "field": "y",
                "type": "quantitative",
                "scale": {"domain": [float(chart.low), float(chart.high)], "nice": False, "zero": False},
                "axis": None,
            },
        },
        "layer": list(_layers(chart)),
    }


def _layers(chart: Chart) -> Iterator[dict[str, Any]]:
    floor = float(chart.low)
    yield _rule({"y": floor}, "y", stroke="var(--line)", width=1)
    yield _text([(day, floor, text) for day, text in chart.ticks], align="left", dx=0, dy=14)
    yield _text([(0, place, text) for place, text in _labels(chart)], align="right", dx=-7, dy=0)
    if chart.today is not None:
        yield _rule({"x": chart.today}, "x", stroke="var(--faint)", width=0.5)
    for one in chart.levels:
        ink, dash = ("var(--aim)", [1, 0]) if one.aim else ("var(--faint)", [1, 3])
        yield _rule({"y": float(one.value)}, "y", stroke=ink, width=1.5 if one.aim else 1, dash=dash)
    if chart.pace:
        yield _line(chart.pace, "var(--faint)", 1.25, [4, 3])
    if (ahead := chart.cone) is not None:
        (x, y), end = ahead.start, ahead.end
        yield {
            "data": {
                "values": [
                    {"x": x, "y": float(y), "top": float(y)},
                    {"x": end[0], "y": float(ahead.low), "top": float(ahead.high)},
                ]
            },
            "mark": {"type": "area", "color": "var(--data)", "opacity": 0.16, "clip": True},
            "encoding": {"y2": {"field": "top"}},
        }
        yield _line((ahead.start, end), "var(--data)", 1.25, [2, 3])
    yield _line(chart.values, "var(--data)", 2, [1, 0])
    if len(chart.values) <= 20:
        yield _dots(chart.values[:-1], 16, "var(--data)")
    if chart.check_ins:
        yield _dots(chart.check_ins, 44, "var(--card)", stroke="var(--data)")
    yield _dots(chart.values[-1:], 60, "var(--data)", stroke="var(--card)")
    (day, value) = chart.values[-1]
    place = [(day, float(value), chart.last)]
    yield _text(place, align="left", dx=8, dy=-8, halo=True)
    yield _text(place, align="left", dx=8, dy=-8, strong=True)


def _text(
    places: list[tuple[int, float, str]],
    *,
    align: str,
    dx: int,
    dy: int,
    strong: bool = False,
    halo: bool = False,
) -> dict[str, Any]:
    """Texts at places of the chart: written here, in the company's language, and not by Vega."""
    mark = {"type": "text", "align": align, "baseline": "middle", "dx": dx, "dy": dy, "fontSize": _FONT}
    ink: dict[str, Any] = {"color": "var(--muted)"}
    if strong or halo:
        ink = {"color": "var(--ink)", "fontWeight": 600}
    if halo:
        # Below the text itself: lines that run there stop short of it.
        ink |= {"color": "var(--card)", "stroke": "var(--card)", "strokeWidth": 4, "strokeJoin": "round"}
    return {
        "data": {"values": [{"x": x, "y": y, "label": label} for x, y, label in places]},
        "mark": mark | ink,
        "encoding": {"text": {"field": "label"}},
    }


def _line(dots: Any, ink: str, width: float, dash: list[int]) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "line", "color": ink, "strokeWidth": width, "clip": True}
    if dash != [1, 0]:
        mark["strokeDash"] = dash
    return {"data": {"values": _points(dots)}, "mark": mark}


def _dots(dots: Any, size: int, fill: str, stroke: str = "") -> dict[str, Any]:
    mark = {"type": "circle", "size": size, "fill": fill, "fillOpacity": 1, "opacity": 1}
    return {
        "data": {"values": _points(dots)},
        "mark": mark | ({"stroke": stroke, "strokeWidth": 1.5} if stroke else {}),
    }


def _rule(
    at: dict[str, float], channel: str, *, stroke: str, width: float, dash: list[int] | None = None
) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "rule", "color": stroke, "strokeWidth": width}
    if dash and dash != [1, 0]:
        mark["strokeDash"] = dash
    # A rule over the whole width or height has only one of the two places.
    other = "y" if channel == "x" else "x"
    return {"data": {"values": [at]}, "mark": mark, "encoding": {other: None}}


def _points(dots: Any) -> list[dict[str, float]]:
    return [{"x": day, "y": float(value)} for day, value in dots]


def _labels(chart: Chart) -> list[tuple[float, str]]:
    """The goal's numbers, those first that are aimed at; none where it would lie on another one."""
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


def _slim(drawn: str, text: str) -> str:
    """Without what only Vega's JavaScript reads, and with the picture's text."""
    lean = _NOISE.sub("", drawn)
    lean = _LONG.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), lean)
    emptied = 1
    while emptied:
        lean, emptied = _EMPTY.subn("", lean)
    return _OUTER.sub(rf'<svg role="img" aria-label="{_quoted(text)}" viewBox="\1">', lean, count=1)


def _quoted(text: str) -> str:
    return escape(text, quote=True).replace("\\", "\\\\")
