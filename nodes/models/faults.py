"""What went wrong when a chat model was called: worth another try, worth another model, billed?

Clients and servers word their faults freely, and some repeat keys and prompts in them; the reasons
here name the kind of fault and the HTTP status only.
"""

import math
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tools.contract import Record

_AGAIN = {408, 409, 425, 429}
_NOT_SENT = {"ConnectError", "ConnectTimeout", "UnsupportedProtocol", "ConnectionRefusedError"}
_LINKS = 5


class CallFault(Record):
    """A call that brought no answer."""

    reason: str
    kind: str
    """The HTTP status, or the class of the error."""
    again: bool
    """Whether the same call may work later."""
    wait: float | None = None
    """Seconds that the server asked to wait."""
    maybe_billed: bool = False
    """Whether the server may have done the work, so that it has to count as spent."""
    unsupported: bool = False
    """Whether the server does not know the asked-for structured output."""


class TapedFault(RuntimeError):
    """A fault that was recorded comes again.

    Args:
        fault: As it was diagnosed when it was recorded.
    """

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def call_faults() -> tuple[type[Exception], ...]:
    """Return what a chat model's client may raise when a call fails.

    A client that has not been imported cannot have raised anything.
    """
    client = sys.modules.get("openai")
    own = (client.OpenAIError,) if client is not None else ()
    return (*own, ValueError, TypeError, LookupError, AttributeError, OSError, RuntimeError)


def diagnose(fault: Exception, now: datetime) -> CallFault:
    """Say what a failed call means."""
    if isinstance(fault, TapedFault):
        return fault.fault
    status = getattr(fault, "status_code", None)
    if isinstance(status, int):
        return _of_status(fault, status, now)
    kinds = {type(link).__name__ for link in _chain(fault)}
    return CallFault(
        reason=f"the call failed ({type(fault).__name__})",
        kind=type(fault).__name__,
        again=True,
        maybe_billed=not kinds & _NOT_SENT,
    )


def _of_status(fault: Exception, status: int, now: datetime) -> CallFault:
    spent_up = getattr(fault, "code", None) == "insufficient_quota"
    said = str(fault)
    return CallFault(
        reason=f"the server answered {status}" + (" (quota used up)" if spent_up else ""),
        kind=str(status),
        again=(status in _AGAIN or status >= 500) and not spent_up,  # noqa: PLR2004  # HTTP
        wait=_retry_after(fault, now),
        unsupported=status in {400, 422} and ("response_format" in said or "schema" in said),
    )


def _retry_after(fault: Exception, now: datetime) -> float | None:
    headers = getattr(getattr(fault, "response", None), "headers", {})
    text = str(headers.get("retry-after-ms") or "")
    if text:
        wait = _number(text)
        return None if wait is None else wait / 1000
    text = str(headers.get("retry-after") or "")
    wait = _number(text)
    return wait if wait is not None else _until(text, now)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(text: str, now: datetime) -> float | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _chain(fault: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = fault
    for _ in range(_LINKS):
        if link is None:
            return
        yield link
        link = link.__cause__
