"""Jira, Notion and Google Sheets on this machine: loopback servers for tests and for `okrsync demo`.

No connector imports an emulator and no emulator imports a connector: what they share is the vendor's own interface.
Each emulator needs the extra ``sandbox``; it is imported when it is started.
"""
