"""What the guidelines say about orders and shipments: from the facts to what may be done, and what the customer is told."""

from __future__ import annotations

from interlock.examples.telecom_crm.decisions import TRUSTED, WEEK, Decision, Facts, Rule, oracle

NOT_SHIPPED = "order received"
ON_ITS_WAY = (NOT_SHIPPED, "in transit")
SHIPPING = 8
"""What the guidelines give back of the shipping fee, in dollars."""


def _mystery_fee(facts: Facts) -> Decision:
    fee, ours = facts["order"]["fee"], oracle("status_mystery_fee", facts)
    if not fee:
        return Decision("There is no extra fee on your order.")
    if ours or facts["membership_level"] in TRUSTED:
        return Decision(f"The fee of ${fee} is removed.", {"update-order": "waive fee"})
    return Decision(f"The fee of ${fee} is for {facts['order']['fee_reason']}; it stays, and we are sorry.")


def _delivery_time(facts: Facts) -> Decision:
    order = facts["order"]
    if oracle("status_delivery_time", facts) or order["shipping_status"] in ON_ITS_WAY:
        return Decision(f"Your delivery is moved to the {order['promised_slot']}.", {"update-order": "change time"})
    return Decision("It is too late to move the delivery; we are sorry.")


def _payment_method(facts: Facts) -> Decision:
    if facts["order"]["shipping_status"] in ON_ITS_WAY:
        return Decision("The payment method of your order is changed.", {"update-order": facts["reason"] or "change method"})
    return Decision("This order is out already; the new payment method would apply to future orders.")


def _quantity(facts: Facts) -> Decision:
    order = facts["order"]
    if not oracle("status_quantity", facts):
        return Decision("Only the email was wrong: you were charged for what you ordered.")
    if order["shipping_status"] != NOT_SHIPPED:
        return Decision("One too many is on its way. Please call again when it is there, and we begin the return.")
    back = (order["billed_quantity"] - order["quantity"]) * order["amount"]
    return Decision(f"One too many is taken off your order; ${back} come back to you.", {"offer-refund": str(back)})


def _upgrade(facts: Facts) -> Decision:
    if facts["order"]["shipping_status"] != NOT_SHIPPED:
        return Decision("Your order has shipped already, so its date can't be changed.")
    cost = "without a fee" if facts["membership_level"] == "gold" else "for $20"
    return Decision(f"Your order comes tomorrow, {cost}.", {"update-order": "tomorrow"})


def _downgrade(facts: Facts) -> Decision:
    if facts["order"]["shipping_status"] != NOT_SHIPPED:
        back = "" if facts["membership_level"] == "guest" else " The shipping fee is credited to your account."
        return Decision(f"Your order has shipped already.{back}")
    return Decision("Your order comes next week.", {"update-order": "next week"})


def _create(facts: Facts) -> Decision:
    if facts["order"]["shipping_status"] == NOT_SHIPPED:
        return Decision("It is added to your order.", {"make-purchase": facts["order"]["product"]})
    if facts["membership_level"] in TRUSTED:
        return Decision(
            "Your order is out already; the new item follows without a shipping fee.", {"make-purchase": facts["order"]["product"]}
        )
    return Decision("Your order is out already, so nothing can be added; we are sorry.")


def _cancel(facts: Facts) -> Decision:
    order = facts["order"]
    if order["shipping_status"] == NOT_SHIPPED or facts["membership_level"] != "guest":
        return Decision(f"One is taken off; ${order['amount']} come back to you.", {"offer-refund": str(order["amount"])})
    return Decision("Please call again when it has arrived, and we begin the return.")


def _shipment(facts: Facts) -> Decision:
    if oracle("status", facts):
        return Decision(f"Your order is as expected, {facts['order']['shipping_status']}; the email was wrong.")
    return Decision("Your order is late, and gets a new date.", {"update-order": "change date"})


def _missing(facts: Facts) -> Decision:
    if facts["order"]["days_waiting"] <= WEEK:
        return Decision("A parcel may take a few days longer than its status says. Please wait until a week is over.")
    product = facts["order"]["product"]
    return Decision(f"We send a new {product}.", {"update-order": facts["street_address"], "make-purchase": product})


def _cost(facts: Facts) -> Decision:
    if facts["order"]["shipping_status"] in ON_ITS_WAY:
        return Decision("The shipping fee is waived.", {"update-order": "waive fee"})
    return Decision(f"The parcel is there or nearly so; ${SHIPPING} of the fee come back to you.", {"offer-refund": str(SHIPPING)})


RULES: dict[str, Rule] = {
    "status_mystery_fee": _mystery_fee,
    "status_delivery_time": _delivery_time,
    "status_payment_method": _payment_method,
    "status_quantity": _quantity,
    "manage_upgrade": _upgrade,
    "manage_downgrade": _downgrade,
    "manage_create": _create,
    "manage_cancel": _cancel,
    "status": _shipment,
    "manage": lambda facts: Decision("Your order is updated.", {"update-order": facts["reason"] or "change order"}),
    "missing": _missing,
    "cost": _cost,
}
