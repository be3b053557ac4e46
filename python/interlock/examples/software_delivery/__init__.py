"""Software delivery: a build, its tests and an agent that repairs what it can, in a loop that the plan bounds."""

from interlock.examples.software_delivery.plan import Delivery, build

__all__ = ["Delivery", "build"]
