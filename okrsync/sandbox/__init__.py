"""A made-up company on this machine: every connector's emulator, seeded, and a configuration that points at them."""

from okrsync.sandbox.stage import PRESENT, DemoClock, Stage, set_stage

__all__ = ["PRESENT", "DemoClock", "Stage", "set_stage"]
