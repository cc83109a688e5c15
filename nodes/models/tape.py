"""Which models speak on a cassette, so that a replay needs no settings but the file."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from nodes.models.cassette import Cassette
from nodes.models.prompts import instructions
from nodes.models.roles import Candidate, Role, Roles, Structured
from tools.contract import JsonObject
from tools.errors import BadInput

_ROLES: tuple[Role, ...] = ("planner", "decider", "verifier", "summarizer", "critic")
_FORMS: Mapping[str, Structured] = {"json_schema": "json_schema", "json_object": "json_mode"}


def taped_roles(cassette: Cassette) -> Roles:
    """Return the chains of candidates that were recorded, in the order in which they spoke.

    They cost nothing: a replay pays nobody.

    Raises:
        BadInput: It was recorded with other instructions than today's.
    """
    chains: dict[Role, list[Candidate]] = {role: [] for role in _ROLES}
    for request in cassette.requests():
        chain = chains[_role(request)]
        try:
            candidate = _candidate(request)
        except (ValueError, LookupError, TypeError, AttributeError) as fault:
            raise BadInput("The cassette does not say how its models were asked.") from fault
        known = [one.identity for one in chain]
        if candidate.identity not in known:
            chain.append(candidate)
        elif candidate.structured != chain[known.index(candidate.identity)].structured:
            # Its server knew no schema and was asked in text from then on.
            either = candidate.model_copy(update={"structured": "auto"})
            chain[known.index(candidate.identity)] = either
    return Roles.model_validate(chains)


def _role(request: JsonObject) -> Role:
    """Tell a role by its instructions."""
    said = {text for text in _texts(request) if text}
    for role in _ROLES:
        if instructions(role) in said:
            return role
    raise BadInput(
        "The cassette was recorded with other instructions than those of this version.",
        advice="Record it again.",
    )


def _texts(request: JsonObject) -> list[str]:
    messages: JsonValue = request.get("messages")
    listed = messages if isinstance(messages, list) else []
    return [str(item.get("text")) for item in listed if isinstance(item, dict)]


def _candidate(request: JsonObject) -> Candidate:
    """Return a candidate that asks as the recorded one did."""
    model, _, base_url = str(request.get("model")).partition(" at ")
    given: Any = request["parameters"]
    body = given["extra_body"]
    form = body.get("response_format", {}).get("type")
    return Candidate(
        model=model,
        base_url=base_url,
        structured=_FORMS.get(form, "text"),
        max_output_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
        temperature=given.get("temperature"),
        input_usd_per_million=0.0,
        output_usd_per_million=0.0,
    )
