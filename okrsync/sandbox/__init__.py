"""A made-up company on this machine: every connector's emulator, seeded, and a configuration that points at them."""

from okrsync.sandbox.stage import DemoClock, Stage, set_stage

__all__ = ["DemoClock", "Stage", "set_stage"]
