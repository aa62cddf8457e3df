"""The live check: what the emulators assume, asked of the real Notion, Jira and Google Sheets."""
