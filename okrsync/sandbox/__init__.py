"""A made-up company on this machine: seeded emulators, and a YAML that points at them."""

from okrsync.sandbox.environment import PRESENT, DemoClock, DemoEnvironment, demo_environment

__all__ = ["PRESENT", "DemoClock", "DemoEnvironment", "demo_environment"]
