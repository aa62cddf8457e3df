"""From a path to exported files on this machine, and from a file to text that DuckDB reads."""
