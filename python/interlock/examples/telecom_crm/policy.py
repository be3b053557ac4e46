"""A rule for every subflow of the desk. The rules are the guidelines' own; where an agent is to ask an oracle, the facts are asked."""

from __future__ import annotations

from interlock.examples.telecom_crm import account_rules, order_rules
from interlock.examples.telecom_crm.decisions import Decision, Rule


def _site(text: str, *, tell: bool) -> Rule:
    return lambda facts: Decision(text, {"notify-team": "website team"} if tell else {})


_AGAIN = "If that does not help, log out, and in again."
RULES: dict[str, Rule] = {
    **account_rules.RULES,
    **order_rules.RULES,
    "credit_card": _site(f"Please enter the card once more, and check its expiry date. {_AGAIN}", tell=False),
    "shopping_cart": _site(f"Please refresh the page and add it again; it may be out of stock. {_AGAIN}", tell=False),
    "search_results": _site("Please log out, and in again, and clear your cookies. The website team knows of it.", tell=True),
    "slow_speed": _site("Please see whether other sites are slow too, and close other tabs. The website team knows of it.", tell=True),
}
