"""Take arguments and give text and exit codes. Nothing is decided here."""

from okrsync.cli.main import main

__all__ = ["main"]
