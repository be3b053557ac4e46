"""What the guidelines say about accounts and subscriptions: from the facts to what may be done, and what the customer is told."""

from __future__ import annotations

from interlock.examples.telecom_crm.decisions import TRUSTED, Decision, Facts, Rule, extra_services, lost_services, oracle


def _service_added(facts: Facts) -> Decision:
    extra = ", ".join(extra_services(facts))
    if not extra:
        return Decision("No service was added: your account has what you ordered, and there are no extra charges.")
    return Decision(
        f"{extra} was added by mistake. It is removed, and $40 come back to you.",
        {"update-account": "remove service", "offer-refund": "40"},
    )


def _service_removed(facts: Facts) -> Decision:
    lost = ", ".join(lost_services(facts))
    if not lost:
        return Decision("Nothing was removed: your account has all that you ordered.")
    return Decision(f"{lost} was removed by mistake, and is back.", {"update-account": "add service"})


def _shipping_question(facts: Facts) -> Decision:
    free = "is free" if oracle("status_shipping_question", facts) else "is not free"
    return Decision(f"Shipping to other countries {free} with your account; the link says more.", {"send-link": "account login"})


def _credit_missing(facts: Facts) -> Decision:
    missing = facts["credit_due"] - facts["credit"]
    if missing <= 0:
        return Decision("Your credit shows up on our side. Please log out, and in again.")
    return Decision(f"${missing} of credit were missing; here is a code for them.", {"promo-code": str(missing)})


def _change(what: str) -> Rule:
    return lambda facts: Decision(f"Your {what} is updated as you asked.", {"update-account": what})


def _subscription(facts: Facts) -> Decision:
    text = f"Your subscription is {facts['subscription']}; ${facts['due_amount']} are due on {facts['due_date']}."
    return Decision(f"{text} Your username for the portal is {facts['username']}.", {"send-link": "account login"})


def _pay_bill(facts: Facts) -> Decision:
    due = facts["due_amount"] or facts["plan_price"]
    return Decision(f"${due} are paid, and your subscription is renewed.", {"update-account": "renew subscription"})


def _extension(facts: Facts) -> Decision:
    level, late = facts["membership_level"], facts["days_late"]
    if level == "gold" or (level == "silver" and late <= 1):
        return Decision("You have more time to pay.", {"update-account": "extend subscription"})
    return Decision("We can't extend it here; a manager will call you.", {"notify-team": "manager"}, manager=True)


def _dispute(facts: Facts) -> Decision:
    level, over = facts["membership_level"], facts["paid_amount"] - facts["plan_price"]
    if over <= 0:
        return Decision("You have not been charged more than your plan; sorry for the misunderstanding.")
    if level == "gold" or (level == "silver" and over < 10) or (level not in TRUSTED and oracle("manage_dispute_bill", facts)):
        return Decision(f"${over} come back to you.", {"offer-refund": str(over)})
    return Decision("We can't refund this here.")


RULES: dict[str, Rule] = {
    "recover_username": lambda facts: Decision(f"Your username is {facts['username']}. With it, we can look into an order of yours."),
    "recover_password": lambda facts: Decision("Here is a new password.", {"make-password": "new"}),
    "reset_2fa": lambda facts: Decision("The code is on its way to the email address on file.", {"send-link": "security best practices"}),
    "status_service_added": _service_added,
    "status_service_removed": _service_removed,
    "status_shipping_question": _shipping_question,
    "status_credit_missing": _credit_missing,
    "manage_change_address": _change("street address"),
    "manage_change_name": _change("name"),
    "manage_change_phone": _change("phone"),
    "manage_payment_method": _change("payment method"),
    "status_active": _subscription,
    "status_due_amount": _subscription,
    "status_due_date": _subscription,
    "manage_pay_bill": _pay_bill,
    "manage_extension": _extension,
    "manage_dispute_bill": _dispute,
}
