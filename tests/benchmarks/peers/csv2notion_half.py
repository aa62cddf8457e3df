"""Run csv2notion-neo, as it comes, on a CSV of values that are already computed: the Notion half of the job.

It has no setting for another address; so the client that it makes gets one.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from csv2notion_neo import cli, notion_client

ENV = os.environ

if __name__ == "__main__":
    notion_client.Client = partial(notion_client.Client, base_url=ENV["RACE_NOTION_URL"])
    database = f"https://www.notion.so/{ENV['RACE_NOTION_DATABASE'].replace('-', '')}"
    who = ["--workspace", "race", "--token", ENV["RACE_NOTION_TOKEN"], "--url", database]
    cli.cli(*who, "--merge", "--max-threads", "5", sys.argv[1], raise_on_error=True)
