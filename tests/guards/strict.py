"""A configuration in strict mode: what reads a stranger's mail may act no more without a person."""

from __future__ import annotations

import interlock as il

CONFIG = il.Config.parse("""
guardrails:
  labels: {mode: strict}
  tools:
    account: {effect: pure, emits: {integrity: developer, confidentiality: tenant}}
    mail: {effect: pure, emits: {integrity: untrusted, confidentiality: tenant}}
    wait: {effect: effect, accepts: untrusted, emits: {integrity: developer, confidentiality: tenant}}
    refund: {effect: effect_once}
""")
