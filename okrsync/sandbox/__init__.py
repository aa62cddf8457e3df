"""Run a made-up company on this machine: seeded emulators, and a YAML that points at them."""

from okrsync.sandbox.clock import PRESENT, DemoClock
from okrsync.sandbox.environment import DemoEnvironment, demo_environment

__all__ = ["PRESENT", "DemoClock", "DemoEnvironment", "demo_environment"]
