"""Show reports to people and programs. Nothing is decided here.

Nothing is imported here either: a command needs one or two of these modules.
"""
