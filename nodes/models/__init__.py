"""Planner and decider that ask a chat model; everything they say is checked by the gate."""
