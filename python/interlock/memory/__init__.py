"""What agents remember: short-term (a window of the thread), long-term (records, recalled by meaning) and episodic (finished runs).

>>> import asyncio
>>> import interlock as il
>>> async def main():
...     memory = il.memory.Memory(il.Store())
...     ada = il.memory.of_user("ada")
...     await memory.remember("prefers e-mail", namespace=ada, key="contact")
...     return [found.text for found in await memory.recall(namespaces=[ada])]
>>> asyncio.run(main())
['prefers e-mail']
"""

from interlock.memory.episodes import LIKELY, Episode, Episodes
from interlock.memory.long_term import Embed, Memory
from interlock.memory.names import SHARED, of_agent, of_episodes, of_team, of_user
from interlock.memory.records import Recalled, Record, Scoring
from interlock.memory.short_term import Window

__all__ = [
    "LIKELY",
    "SHARED",
    "Embed",
    "Episode",
    "Episodes",
    "Memory",
    "Recalled",
    "Record",
    "Scoring",
    "Window",
    "of_agent",
    "of_episodes",
    "of_team",
    "of_user",
]
