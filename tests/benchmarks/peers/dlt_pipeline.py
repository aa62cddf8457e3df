"""Push key results with dlt: a resource reads the numbers, a destination of our own writes them into Notion.

dlt brings extraction, load packages and retries. How a row is found and what is written is up to the pipeline's author.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dlt
from dlt.sources.helpers import requests
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from notion_client import Client

ENV = os.environ
SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
notion: Any = Client(auth=ENV["RACE_NOTION_TOKEN"], base_url=ENV["RACE_NOTION_URL"])
google: Any = Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
    ENV["RACE_GOOGLE_ACCOUNT"], scopes=[SCOPE]
)


def number(key_result: dict[str, Any]) -> float:
    if "jql" in key_result:
        count = f"{ENV['RACE_JIRA_URL']}/rest/api/3/search/approximate-count"
        who = ENV["RACE_JIRA_EMAIL"], ENV["RACE_JIRA_TOKEN"]
        return float(requests.post(count, json={"jql": key_result["jql"]}, auth=who).json()["count"])
    if "cell" in key_result:
        place = quote(f"{key_result['tab']}!{key_result['cell']}")
        values = f"{ENV['RACE_SHEETS_URL']}/v4/spreadsheets/{key_result['spreadsheet']}/values/{place}"
        found = requests.get(values, headers={"Authorization": f"Bearer {google.token}"}).json()
        return float(found["values"][0][0])
    with Path(key_result["export"]).open(encoding="utf-8", newline="") as file:
        return sum(
            float(row["Amount"]) for row in csv.DictReader(file) if row["Owner"] == key_result["owner"]
        )


def key_results(listed: Path) -> Iterator[dict[str, Any]]:
    google.refresh(Request())
    for one in json.loads(listed.read_text(encoding="utf-8")):
        current = number(one)
        yield {"kr": one["id"], "current": current, "progress": min(max(current / one["target"], 0), 1)}


def into_notion(items: list[dict[str, Any]], _table: Any) -> None:
    for item in items:
        same_key = {"property": "KR", "rich_text": {"equals": item["kr"]}}
        (row,) = notion.data_sources.query(ENV["RACE_NOTION_DATA_SOURCE"], filter=same_key)["results"]
        cells = {"Current": {"number": item["current"]}, "Progress": {"number": item["progress"]}}
        notion.pages.update(row["id"], properties=cells)


if __name__ == "__main__":
    destination = dlt.destination(into_notion, name="notion", batch_size=10, max_parallel_load_jobs=1)
    pipeline = dlt.pipeline("key_results", destination=destination, pipelines_dir=ENV["RACE_DLT_FOLDER"])
    resource = dlt.resource(key_results(Path(sys.argv[1])), name="key_results")
    pipeline.run(resource, write_disposition="append").raise_on_failed_jobs()
