"""NIST AI RMF 1.0 (NIST AI 100-1, January 2023): its four functions, and what a runtime can say to each."""

from __future__ import annotations

from interlock.evidence import tables as t
from interlock.evidence.report import Framework, Item

NIST_AI_RMF = Framework(
    "nist-ai-rmf",
    "NIST AI Risk Management Framework",
    "NIST AI 100-1, Artificial Intelligence Risk Management Framework (AI RMF 1.0), 2023",
    (
        Item(
            "GOVERN",
            "Policies, responsibilities and oversight are in place",
            "Which policies were in force and since when, who was asked to decide and who did, and when the system was stopped.",
            (t.policies, t.controls, t.documents, t.routing, t.configuration, t.asked, t.reviewers, t.switches),
            (
                "Whether the organisation's policies are adequate, trained and followed outside this runtime.",
                "Who a reviewer's name belongs to: names are what the application gave.",
                "The text of a policy revision: a passage has its number. The configuration file, under version control, has the text.",
                "Roles of users: they are given with each request, and not recorded as a list.",
            ),
        ),
        Item(
            "MAP",
            "The context is known: what the system consists of and what it may do",
            "An inventory of agents, tools with their effect classes, plans with their versions, and the walls between domains.",
            (t.plans, t.agents, t.tools, t.memory, t.handoffs, t.configuration),
            (
                "Which model answered inside an agent, and in which version: agents are functions, and call models themselves.",
                "The intended use, the people affected, and benefits and costs: they are statements of the organisation.",
                "Agents and tools that were declared and never used.",
                "Third parties behind a tool.",
            ),
        ),
        Item(
            "MEASURE",
            "Risks are analysed, tracked and measured",
            "Decisions of the guards, errors, overrides by people, time and tokens, by version; each run can be replayed.",
            (t.rulings, t.rulings_by, t.plans, t.agents, t.reviews, t.budgets, t.unknown),
            (
                "Whether a ruling was right: rates of false blocks and of misses need labelled cases.",
                "Recall of the detection of personal data, and results of injection suites: tests measure them, not operation.",
                "Fairness, and quality of answers, except where people overrode them.",
                "Cost in money, where no call reported one.",
            ),
        ),
        Item(
            "MANAGE",
            "Risks are treated, incidents are answered, and recovery works",
            "Incidents, what people decided, what was stopped by budgets and switches, and whether the record of it is whole.",
            (t.incidents, t.reviews, t.reviewers, t.switches, t.budgets, t.removals, t.integrity),
            (
                "That incidents were communicated, and to whom.",
                "Results of recovery drills; a run that was taken up after a crash is counted under incidents.",
                "Decommissioning, and what was changed after an incident, beyond new versions of plans and rules.",
            ),
        ),
    ),
)
