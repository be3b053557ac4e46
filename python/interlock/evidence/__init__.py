"""Evidence for auditors: what a journal shows to each function or risk of a framework, and what it can't."""

from __future__ import annotations

from interlock.evidence.facts import Facts
from interlock.evidence.nist_ai_rmf import NIST_AI_RMF
from interlock.evidence.owasp_agentic import OWASP_AGENTIC
from interlock.evidence.owasp_llm import OWASP_LLM
from interlock.evidence.report import Framework, Item, as_markdown, assemble
from interlock.evidence.tables import Seen, Table

FRAMEWORKS = {framework.name: framework for framework in (NIST_AI_RMF, OWASP_LLM, OWASP_AGENTIC)}

__all__ = ["FRAMEWORKS", "Facts", "Framework", "Item", "Seen", "Table", "as_markdown", "assemble"]
