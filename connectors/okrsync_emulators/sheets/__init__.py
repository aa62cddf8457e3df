"""Emulate Google Sheets on this machine: its token server, its reading API, its sharing, its quota."""

from okrsync_emulators.sheets.service import API_KEY, SheetsEmulator

__all__ = ["API_KEY", "SheetsEmulator"]
