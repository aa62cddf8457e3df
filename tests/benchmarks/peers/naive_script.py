"""Push key results as the usual cron script does: read one number, find its row, write it, and go on to the next.

It compares nothing, remembers nothing and retries only what its client libraries retry. Each tab is opened once, which
most such scripts do not do.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import gspread
from jira import JIRA
from notion_client import Client

ENV = os.environ
DATA_SOURCE = ENV["RACE_NOTION_DATA_SOURCE"]
jira = JIRA(ENV["RACE_JIRA_URL"], basic_auth=(ENV["RACE_JIRA_EMAIL"], ENV["RACE_JIRA_TOKEN"]))
notion: Any = Client(auth=ENV["RACE_NOTION_TOKEN"], base_url=ENV["RACE_NOTION_URL"])


class LocalSheets(gspread.HTTPClient):
    """gspread has no setting for another address."""

    def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> Any:
        local = endpoint.replace("https://sheets.googleapis.com", ENV["RACE_SHEETS_URL"])
        return super().request(method, local, *args, **options)


@cache
def tab(spreadsheet: str, title: str) -> Any:
    google = gspread.service_account(ENV["RACE_GOOGLE_ACCOUNT"], http_client=LocalSheets)
    return google.open_by_key(spreadsheet).worksheet(title)


def number(key_result: dict[str, Any]) -> float:
    if "jql" in key_result:
        return len(jira.enhanced_search_issues(key_result["jql"], maxResults=0, fields="status"))
    if "cell" in key_result:
        return float(tab(key_result["spreadsheet"], key_result["tab"]).acell(key_result["cell"]).value)
    with Path(key_result["export"]).open(encoding="utf-8", newline="") as file:
        return sum(
            float(row["Amount"]) for row in csv.DictReader(file) if row["Owner"] == key_result["owner"]
        )


def push(key_result: dict[str, Any]) -> None:
    current = number(key_result)
    progress = min(max(current / key_result["target"], 0), 1)
    same_key = {"property": "KR", "rich_text": {"equals": key_result["id"]}}
    (row,) = notion.data_sources.query(DATA_SOURCE, filter=same_key)["results"]
    notion.pages.update(
        row["id"], properties={"Current": {"number": current}, "Progress": {"number": progress}}
    )


if __name__ == "__main__":
    for one in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        push(one)
