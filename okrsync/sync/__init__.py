"""Sync, preview, backfill, adopt and release; ``run.py`` is the page to read first.

Nothing is imported here: a status needs two of these modules, and would load them all.
"""
