"""What importing costs: a service pays for what it uses, and for nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

MIB = 1024
"""KiB, the unit of VmRSS."""
RESIDENT = """
import re
{imports}
print(re.search(r"VmRSS:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def printed(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def resident(imports: str) -> int:
    """KiB of resident memory after the imports: the least of three, because pages come and go."""
    return min(int(printed(RESIDENT.format(imports=imports))) for _ in range(3))


@pytest.mark.parametrize("module", ["asyncio", "numpy", "yaml", "rich"])
def test_describing_plans_needs_no_event_loop_and_no_numbers(module: str) -> None:
    code = "import sys, interlock as il; il.Sequential('s', [il.agent(f)]); print({module!r} in sys.modules)"
    function = "async def f(message, ctx): return ''\n"
    assert printed(function + code.format(module=module)) == "False"


@pytest.mark.parametrize("module", ["numpy", "yaml", "rich"])
def test_the_runtime_needs_no_numbers_until_a_message_is_routed_by_meaning(module: str) -> None:
    assert printed(f"import sys, interlock.runtime; print({module!r} in sys.modules)") == "False"


def test_the_names_of_the_shell_come_when_they_are_asked_for() -> None:
    assert printed("import interlock as il; print(il.Runtime.__module__, il.open.__name__)") == "interlock.runtime.runtime open_runtime"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux")
def test_the_whole_runtime_takes_at_most_40_mib_beside_numpy() -> None:
    taken = resident("import interlock, interlock.runtime") - resident("import numpy")
    assert taken <= 40 * MIB
