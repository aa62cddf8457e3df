"""okrsync keeps the key results in a Notion database true.

The engine knows OKRs and no vendor; what talks to Jira, Sheets, CRM exports and Notion are plug-ins
found through the entry-point group ``okrsync.connectors``.
"""

from typing import Final

__version__: Final = "0.2.0"
