"""The Python half of the shell: the only place that awaits on behalf of a run."""

from interlock.runtime.runtime import Runtime, open_runtime
from interlock.runtime.started import Run

__all__ = ["Run", "Runtime", "open_runtime"]
