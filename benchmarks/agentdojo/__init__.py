"""AgentDojo through the gate, without a model: what it lets through, asks and refuses."""
