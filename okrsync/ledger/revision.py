"""Name the newest revision of the ledger's schema, which is kept in a table of its own."""

from typing import Final

HEAD: Final = "0002"
"""The newest revision in migrations/versions; revisions are numbers of four digits."""
VERSION_TABLE: Final = "okrsync_schema"
