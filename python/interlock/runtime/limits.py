"""The limits of agents that a configuration gives, for as long as a runtime is open."""

from __future__ import annotations

from collections.abc import Mapping

from interlock._core import Engine
from interlock.agent import Agent
from interlock.config import Config
from interlock.errors import ConfigError


def limit_agents(engine: Engine, config: Config, agents: Mapping[str, Agent]) -> None:
    """Give agents their limits.

    Raises:
        ConfigError: one of them is no agent of the plans.
    """
    strangers = [name for name in config.agents if agents and name not in agents]
    if strangers:
        known = ", ".join(sorted(agents))
        message = f"{config.source}: agents.{strangers[0]} is no agent of the plans (they have {known})"
        line = config.agents[strangers[0]].line
        raise ConfigError(message, hint="correct the name", path=f"agents.{strangers[0]}", line=line)
    if config.agents:
        engine.limit_agents(config.limits_text())
