"""The thresholds in the routing table are the ones that cross-validation on the training messages finds."""

import interlock as il
import pytest
from interlock.examples.support.fit import MOST_REJECTED, fit
from interlock.examples.support.plan import CONFIG


@pytest.mark.heavy
def test_fitting_again_finds_the_thresholds_of_the_routing_table() -> None:
    semantic = il.Config.load(CONFIG).semantic
    assert semantic is not None
    found = fit()
    assert found.threshold == pytest.approx(semantic.threshold, abs=0.02)
    assert found.margin == pytest.approx(semantic.margin, abs=0.02)
    assert found.rejected <= MOST_REJECTED
    assert found.accuracy == pytest.approx(0.935, abs=0.02)
