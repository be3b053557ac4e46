"""Tools: functions that agents reach through ``ctx.tool``."""

from interlock.tools.function import KEY, KINDS, MEMORY, Kind, Tool, check_name, running_tool, takes_key, tool

__all__ = ["KEY", "KINDS", "MEMORY", "Kind", "Tool", "check_name", "running_tool", "takes_key", "tool"]
