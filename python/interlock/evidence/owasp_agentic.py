"""OWASP Top 10 for Agentic Applications 2026: its ten risks, and what a journal can say to each."""

from __future__ import annotations

from interlock.evidence import tables as t
from interlock.evidence.report import Framework, Item

OWASP_AGENTIC = Framework(
    "owasp-agentic",
    "OWASP Top 10 for Agentic Applications 2026",
    "OWASP GenAI Security Project, Top 10 for Agentic Applications, 2026 (ASI01 to ASI10)",
    (
        Item(
            "ASI01",
            "Agent goal hijack",
            "Untrusted text is labelled and screened; a consequential call that follows it is refused or reviewed.",
            (t.controls, t.rulings, t.rulings_by, t.reviews),
            ("A goal that was changed and led to nothing that a gate guards.",),
        ),
        Item(
            "ASI02",
            "Tool misuse and exploitation",
            "Every call passes a gate with its arguments; the effect class says how it may be repeated.",
            (t.tools, t.rulings_by, t.incidents, t.configuration),
            ("Harm by a call that every rule allows.", "What a tool did beyond its result."),
        ),
        Item(
            "ASI03",
            "Identity and privilege abuse",
            "A turn's right is what agent, delegator and user have in common; refusals and reviewers are named.",
            (t.rulings_by, t.handoffs, t.reviewers, t.asked),
            ("That a user is who the application says.", "Credentials that tools hold themselves."),
        ),
        Item(
            "ASI04",
            "Agentic supply chain vulnerabilities",
            "Plans, rules and indexes run in registered versions.",
            (t.documents, t.tools),
            ("Origin and integrity of models, packages, prompts and remote tools.",),
        ),
        Item(
            "ASI05",
            "Unexpected code execution",
            "Tools are registered functions with declared effects; nothing else is called on an agent's word.",
            (t.tools, t.rulings),
            ("What runs inside a tool or an agent: the runtime isolates no process.",),
        ),
        Item(
            "ASI06",
            "Memory and context poisoning",
            "Reads and writes of memory pass a gate; labels of sources stay with records.",
            (t.memory, t.rulings, t.removals),
            ("Records that were poisoned before labels were kept.", "Whether a record is true."),
        ),
        Item(
            "ASI07",
            "Insecure inter-agent communication",
            "Messages and handoffs between agents pass a gate; crossings of domain walls are judged.",
            (t.controls, t.handoffs),
            ("Messages that agents exchange past the runtime.", "Encryption on the wire, where agents run elsewhere."),
        ),
        Item(
            "ASI08",
            "Cascading failures",
            "Failures by agent, retries, breakers, limits of handoffs and budgets; what was taken up after a crash.",
            (t.incidents, t.agents, t.budgets),
            ("Failures of systems behind the tools, beyond the errors that came back.",),
        ),
        Item(
            "ASI09",
            "Human-agent trust exploitation",
            "What people were asked, by whom it was decided, and how often they overrode.",
            (t.reviews, t.reviewers, t.plans),
            ("Whether a reviewer read what he approved.", "What users believed."),
        ),
        Item(
            "ASI10",
            "Rogue agents",
            "Which agents had turns, what was refused to them, who was stopped, and that the record is whole.",
            (t.agents, t.rulings_by, t.switches, t.integrity),
            ("Agents that run outside this runtime.", "Without a signed checkpoint kept elsewhere: that the whole file was not rewritten."),
        ),
    ),
)
