"""The Python half of the shell: the only place that awaits on behalf of a run."""

from interlock.runtime.opening import open_runtime
from interlock.runtime.runtime import Runtime
from interlock.runtime.started import Run

__all__ = ["Run", "Runtime", "open_runtime"]
