"""Two keys, and a plan that says back what it hears."""

from __future__ import annotations

import interlock as il

KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
OTHER = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"


@il.tool
async def look_up(account: str) -> dict[str, str]:
    """An account's owner."""
    return {"account": account, "owner": "canary owner"}


@il.agent
async def answer(message: il.Message, ctx: il.Context) -> str:
    """Say back what was said."""
    found = await ctx.tool("look_up", account="canary account")
    return f"heard {message.text} of {found['owner']}"


echo = il.Sequential("echo", [answer])
