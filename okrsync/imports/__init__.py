"""Take key results over from another tool's table, and say what of it is not understood."""

from okrsync.imports.headings import ROLES, below_titles, columns_of
from okrsync.imports.table import Imported, NotUnderstood, read_table

__all__ = ["ROLES", "Imported", "NotUnderstood", "below_titles", "columns_of", "read_table"]
