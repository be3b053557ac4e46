"""Tools: functions that agents reach through ``ctx.tool``."""

from interlock.tools.function import Tool, running_tool, tool

__all__ = ["Tool", "running_tool", "tool"]
