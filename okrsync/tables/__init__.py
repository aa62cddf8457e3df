"""Say for each table, in a module of its own, which metrics it needs and what its rows should show."""
