"""Make the page for people who never open a terminal: its model first, then HTML or Markdown."""

from okrsync.report.company_page import company_page
from okrsync.report.html import index_html, page_html
from okrsync.report.markdown import index_markdown, page_markdown
from okrsync.report.page import Failed, ReportIndex, ReportPage
from okrsync.words import Words

__all__ = [
    "Failed",
    "ReportIndex",
    "ReportPage",
    "Words",
    "company_page",
    "index_html",
    "index_markdown",
    "page_html",
    "page_markdown",
]
