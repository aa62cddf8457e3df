"""Settings of all tests: a loaded machine is no reason for a property to fail."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("okrsync", deadline=None)
settings.load_profile("okrsync")
