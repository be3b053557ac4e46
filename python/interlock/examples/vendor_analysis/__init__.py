"""Vendor analysis: four analysts judge the bidders of a tender at once, from a real price list, and their votes are reconciled."""

from interlock.examples.vendor_analysis.plan import build, build_synthesis

__all__ = ["build", "build_synthesis"]
