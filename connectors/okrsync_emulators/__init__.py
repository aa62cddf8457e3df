"""Emulate Jira, Notion and Google Sheets on this machine, for tests and for `okrsync demo`.

No connector imports an emulator and no emulator imports a connector: what they share is the vendor's own interface.
Each is imported when it is started, and with it the web server: nothing else in okrsync waits for that.
"""
