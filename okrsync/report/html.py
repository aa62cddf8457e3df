"""Write the page as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from okrsync.progress import clamp
from okrsync.redaction import redact
from okrsync.report.page import STATUSES, ReportIndex, ReportPage
from okrsync.report.svg import require_vega, svg

if TYPE_CHECKING:
    from jinja2 import Environment

SIGNS = {
    "achieved": "✓",
    "on_track": "●",
    "behind": "◐",
    "at_risk": "▲",
    "not_started": "○",
    "no_data": "?",
    "not_measured": "◌",
    "healthy": "●",
    "unhealthy": "▲",
}
"""A sign for each status, so that nothing is said by colour alone."""


def page_html(page: ReportPage, *, index: str = "") -> str:
    """The page; ``index`` is the address of the list of companies that it belongs to."""
    require_vega()
    return _environment().get_template("page.html").render(page=page, words=page.words, index=index)


def index_html(index: ReportIndex) -> str:
    return _environment().get_template("index.html").render(index=index, words=index.words)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    # Titles, owners and reasons come from outside: all texts are escaped, but for the charts that are drawn here.
    made = Environment(
        loader=PackageLoader("okrsync.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_hidden,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"signs": SIGNS, "statuses": STATUSES}
    made.filters |= {
        "chart": lambda chart, name: Markup(svg(chart, name)),  # noqa: S704 - drawn by Vega, which escapes its texts
        "percent": _percent,
        "anchor": lambda text: "-".join(text.split()),
        "address": _address,
    }
    return made


def _hidden(value: Any) -> Any:
    """A text without secrets. What is markup already was made from such texts."""
    return redact(value) if type(value) is str else value


def _percent(share: Any) -> str:
    """A fraction as a length in CSS, between nothing and all."""
    return f"{clamp(share) * 100:.1f}%"


def _address(url: str) -> str:
    """The address of a row, if a browser may open it: anything else would be a script."""
    return url if url.startswith(("https://", "http://")) else ""
