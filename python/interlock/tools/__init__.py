"""Tools: functions that agents reach through ``ctx.tool``."""

from interlock.tools.function import KEY, KINDS, Kind, Tool, running_tool, takes_key, tool

__all__ = ["KEY", "KINDS", "Kind", "Tool", "running_tool", "takes_key", "tool"]
