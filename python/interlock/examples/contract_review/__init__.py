"""Contract review: twelve real contracts through extraction, checks and a summary with flags (CUAD)."""

from interlock.examples.contract_review.plan import build

__all__ = ["build"]
