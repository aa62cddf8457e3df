"""Show what an exported file looks like, and the YAML that reads it, for ``okrsync inspect``."""
