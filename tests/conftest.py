"""Settings of all tests: a loaded machine is no reason for a property to fail."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("okrsync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("okrsync")
