"""The command line: arguments in, text and exit codes out. Nothing is decided here."""

from okrsync.cli.main import main

__all__ = ["main"]
