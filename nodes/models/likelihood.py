"""How probable a model's own words were to it, where its server says so."""

import math

from langchain_core.messages import AIMessage

KEPT = "likelihood"
"""What cache and cassette keep of the log-probabilities, under this name."""


def likelihood_of(said: AIMessage) -> float | None:
    """Return the geometric mean of the probabilities of an answer's tokens; None when unknown.

    Args:
        said: An answer, from a server, the cache or a cassette.
    """
    kept = said.response_metadata.get(KEPT)
    if isinstance(kept, int | float):
        return min(max(float(kept), 0.0), 1.0)
    told = said.response_metadata.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    logs = [one.get("logprob") for one in tokens or () if isinstance(one, dict)]
    known = [float(one) for one in logs if isinstance(one, int | float) and math.isfinite(one)]
    if not known:
        return None
    return min(math.exp(min(math.fsum(known) / len(known), 0.0)), 1.0)
