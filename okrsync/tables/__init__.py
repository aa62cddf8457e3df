"""One module for each table: which metrics it needs, and what each of its rows should show."""
