"""Find exported files by their path, and turn each into text that DuckDB reads."""
