"""Keeps an answer after looking whether it can be meant: edits must fit, offers must stand."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from nodes.state import Plan
from tools.contract import JsonObject
from tools.errors import BadInput, Refused
from tools.records import Review

if TYPE_CHECKING:
    from graphs.session import Agent


def check_edit(agent: "Agent", review: Review, args: JsonObject) -> JsonObject:
    """Return edited arguments, or an edited plan, that fit.

    Raises:
        BadInput: They do not; the question still waits.
    """
    try:
        if review.action is None:
            return Plan.model_validate(args).to_json()
        return agent.context.tools[review.action.tool].check(args)
    except Refused as refusal:
        raise BadInput(
            refusal.what, changed="The question still waits.", advice="Correct the arguments."
        ) from refusal
    except ValidationError as fault:
        error = fault.errors(include_url=False)[0]
        where = ".".join(str(part) for part in error["loc"])
        raise BadInput(
            f"The edited plan does not fit: {where}: {error['msg']}.",
            changed="The question still waits.",
        ) from fault


def check_open(review: Review) -> None:
    """Let a question pass whose offer still stands.

    Raises:
        BadInput: It has expired.
    """
    if review.state == "waiting" and review.expires_at <= datetime.now(UTC):
        raise BadInput(
            f"The offer {review.id!r} expired at {review.expires_at:%Y-%m-%d %H:%M} UTC.",
            advice=f"`surefoot resume {review.run}` asks anew.",
        )
