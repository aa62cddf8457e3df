"""Take key results over from another tool's table, and say what of it is not understood."""

from okrsync.imports.headings import ROLES, columns_of
from okrsync.imports.table import Imported, NotUnderstood, read_table

__all__ = ["ROLES", "Imported", "NotUnderstood", "columns_of", "read_table"]
