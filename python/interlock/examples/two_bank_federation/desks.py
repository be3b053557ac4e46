"""The agents of both banks. None of them sees to it that nothing private crosses: that is what the walls are for, and they are tested."""

from __future__ import annotations

import interlock as il
from interlock.examples.two_bank_federation.case import Payment, matter, meant, suspicion, verdict

FILED = "risk_opinion", "trace"
"""What one bank may ask the other. Each is an intent in both banks' tables."""


def _request(ctx: il.Context) -> il.Message:
    """What the customer wrote, and who that is. It came in through bank A's wall, so bank A's agents find it in the history."""
    return ctx.history[0]


async def _payments(ctx: il.Context) -> list[Payment]:
    """What the customer paid."""
    found = await ctx.tool("a_payments", customer=_request(ctx).data["customer"])
    return [Payment(**payment) for payment in found]


@il.agent
async def a_intake(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank A: what has come in, a customer's words or the other bank's answer, as an intent of bank A's table."""
    came_back = isinstance(message.data, dict) and "case_id" in message.data
    return il.Reply("", intent="opinion" if came_back else matter(message.text))


@il.agent
async def fraud_desk(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank A: find the payment, and have the bank that was paid rate the account. All that is known goes into the file."""
    words, payments = _request(ctx).text, await _payments(ctx)
    payment = meant(words, payments)
    if payment is None:
        return il.Reply("We found no payment of that amount. Which one do you mean?", data={"found": None}, confidence=0.9)
    return _file(payment, "risk_opinion", own=suspicion(words, payment, payments))


@il.agent
async def payments_desk(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank A: where a payment is. One that was sent on is traced at the bank that should have it."""
    payment = meant(_request(ctx).text, await _payments(ctx))
    if payment is None:
        return il.Reply("We found no payment of that amount. Which one do you mean?", data={"found": None}, confidence=0.9)
    if payment.status == "pending":
        return il.Reply(
            f"Your payment of {payment.money} to {payment.payee} is still pending here.", data={"case_id": payment.case_id}, confidence=0.95
        )
    return _file(payment, "trace")


def _file(payment: Payment, question: str, own: float | None = None) -> il.Reply:
    """The whole case as data, with an intent that bank A's table sends to the other bank, or to a person if that is not bank B."""
    file = {
        "case_id": payment.case_id,
        "question": question,
        "customer": payment.customer,
        "iban_to": payment.iban_to,
        "payee": payment.payee,
        "cents": payment.cents,
        "own_suspicion": own,
    }
    return il.Reply("", data=file, intent=question if payment.is_at_bank_b else "other_bank")


@il.agent
async def decide(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank A: what follows from the other bank's answer and from what the customer said. An unsure verdict is for a person."""
    case, words = message.data, _request(ctx).text
    payments = await _payments(ctx)
    payment = next(payment for payment in payments if payment.case_id == case["case_id"])
    if "credited" in case:
        where = "was credited to the account that you gave" if case["credited"] else "did not arrive, and comes back to you"
        return il.Reply(f"Your payment of {payment.money} to {payment.payee} {where}.", data=case, confidence=0.95)
    what, sure = verdict(case["risk_band"], suspicion(words, payment, payments))
    if what == "recall" and sure >= 0.6:
        await ctx.tool("a_recall", case_id=payment.case_id)
        text = f"We have asked for your payment of {payment.money} to {payment.payee} back. Please report it to the police."
    else:
        text = f"Nothing speaks for fraud in your payment of {payment.money}. Please settle it with {payment.payee}."
    return il.Reply(text, data={**case, "verdict": what}, confidence=sure)


@il.agent
async def b_intake(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank B: which of the questions that it answers another bank has asked."""
    question = message.data.get("question") if isinstance(message.data, dict) else None
    return il.Reply("", intent=question if question in FILED else "unknown")


@il.agent
async def risk_desk(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank B: rate the account to which a payment went, and watch it if it is bad. The account is in the reply; it stays here."""
    account = await ctx.tool("b_credited", case_id=message.data["case_id"])
    if account is None:
        return il.Reply("never credited", data={**message.data, "credited": False}, intent="answer")
    opinion = await ctx.tool("b_opinion", account=account)
    if opinion["risk_band"] == "high":
        await ctx.tool("b_watch", account=account)
    return il.Reply(
        f"account {account} is rated {opinion['risk_band']}", data={**message.data, **opinion, "account": account}, intent="answer"
    )


@il.agent
async def tracing_desk(message: il.Message, ctx: il.Context) -> il.Reply:
    """Bank B: whether a payment was credited."""
    account = await ctx.tool("b_credited", case_id=message.data["case_id"])
    file = {**message.data, "credited": account is not None, "account": account}
    return il.Reply(f"credited to {account}" if account else "never credited", data=file, intent="answer")
