"""The same small workloads on bare asyncio, on other frameworks and on interlock."""
