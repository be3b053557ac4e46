"""OWASP Top 10 for LLM Applications 2025: its ten risks, and what a journal can say to each."""

from __future__ import annotations

from interlock.evidence import tables as t
from interlock.evidence.report import Framework, Item

ATTEMPTS = "Attempts that no screen noticed: what was not ruled upon left no ruling."

OWASP_LLM = Framework(
    "owasp-llm",
    "OWASP Top 10 for LLM Applications 2025",
    "OWASP GenAI Security Project, Top 10 for LLM Applications, version 2025",
    (
        Item(
            "LLM01",
            "Prompt injection",
            "What comes in and what tools return is screened, carries a label, and can't start a consequential call by itself.",
            (t.controls, t.rulings, t.rulings_by, t.reviews),
            (ATTEMPTS, "That the model was not influenced within what its agent may do."),
        ),
        Item(
            "LLM02",
            "Sensitive information disclosure",
            "Personal data are masked before models and logs, and unmasked only by right; texts can be erased.",
            (t.controls, t.rulings, t.removals, t.integrity),
            ("That every value of every kind was detected.", "What an agent's own code sent past the runtime.", "What a provider keeps."),
        ),
        Item(
            "LLM03",
            "Supply chain",
            "Plans and rules run in recorded versions, under a recorded version of the runtime.",
            (t.documents, t.integrity, t.tools),
            ("Where models, packages and tools come from, and whether they are as published.", "A bill of materials."),
        ),
        Item(
            "LLM04",
            "Data and model poisoning",
            "Writes to memory pass a gate and keep the label of their source; what is learnt from is recorded.",
            (t.memory, t.rulings, t.documents),
            (
                "Training data, and anything that was done to a model before it was called.",
                "Examples and indexes that were poisoned before they were registered.",
            ),
        ),
        Item(
            "LLM05",
            "Improper output handling",
            "Replies are checked, arguments of tools are limited, and what goes out passes a gate.",
            (t.controls, t.rulings, t.incidents),
            ("What the application does with an answer after it was released.",),
        ),
        Item(
            "LLM06",
            "Excessive agency",
            "Who called which tool with which effect class; who was refused; what a person had to approve.",
            (t.tools, t.rulings_by, t.reviews, t.reviewers, t.configuration),
            ("That rights are as narrow as the task allows.", "Actions of tools beyond what their effect class declares."),
        ),
        Item(
            "LLM07",
            "System prompt leakage",
            "What goes out is screened; secrets are found by form, and rights don't hang on prompts.",
            (t.controls, t.rulings),
            ("Prompts are in agents' code: the journal has neither the prompt nor a comparison with it.",),
        ),
        Item(
            "LLM08",
            "Vector and embedding weaknesses",
            "Recall is by namespace, which is part of the index; accesses are recorded.",
            (t.memory, t.rulings),
            (
                "Inversion of embeddings by somebody who has the store's file.",
                "Whether a record was rightly recalled: evidence of scores is in each run, not here.",
            ),
        ),
        Item(
            "LLM09",
            "Misinformation",
            "Confidence, reconciling, reviews and overrides show how often an answer was doubted.",
            (t.plans, t.reviews, t.reviewers),
            ("Whether a delivered answer was true.", "Whether users relied upon it."),
        ),
        Item(
            "LLM10",
            "Unbounded consumption",
            "Calls reserve their estimate on budgets before they are made; runs have deadlines and limits.",
            (t.budgets, t.agents, t.incidents, t.switches),
            (
                "What a provider billed.",
                "Requests that were refused before a run began.",
                "Token counts are estimates where an agent gave none.",
            ),
        ),
    ),
)
