"""What the crash tests share is held against what must be: their assertions say what they saw."""

import pytest

pytest.register_assert_rewrite("edges")
