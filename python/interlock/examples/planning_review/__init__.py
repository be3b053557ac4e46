"""A planning review: four reviewers discuss a project plan and change it until nobody objects; then it is announced."""

from interlock.examples.planning_review.plan import build

__all__ = ["build"]
