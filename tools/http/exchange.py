"""What an endpoint sends, and what its answers mean for the effect."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pydantic import JsonValue

from tools.contract import canonical
from tools.errors import Fatal, OutcomeUnknown, Refused, ToolFault, Transient
from tools.http.address import Address
from tools.http.client import Answer, Client, Request
from tools.http.endpoint import Endpoint, Method
from tools.http.get import PASSING, status_text

RETRIES_SECONDS: Final = (0.2, 1.0)
"""Waits before a request whose answer was lost is sent again, with the same idempotency key."""
GONE: Final = frozenset({404, 410})
_BUSY: Final = frozenset({425, 429})
"""The server turned the request away before doing anything."""
_ACTED: Final = frozenset({303})
"""The server acted, and says where the result is to be seen."""
_UNCLEAR: Final = frozenset({301, 302, 408})
_NOT_ABLE: Final = frozenset({501, 505})
_EXCERPT: Final = 300


def idempotency_key(key: str) -> str:
    """Return what servers know an effect by: the same for every try of it, and no other's."""
    return str(uuid5(NAMESPACE_URL, f"surefoot:{key}"))


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sends an endpoint's requests.

    Args:
        endpoint: What is declared.
        client: Sends.
        sleep: Waits between tries; injected for tests.
    """

    endpoint: Endpoint
    client: Client
    sleep: Callable[[float], None] = time.sleep

    def request(
        self,
        method: Method,
        address: Address,
        body: JsonValue,
        *,
        headers: Mapping[str, str],
        key: str = "",
    ) -> Request:
        """Return a request; with a key that the server knows it by, when settings name a header."""
        stated = [("Accept", "application/json, */*;q=0.5"), *headers.items()]
        if body is not None:
            stated.append(("Content-Type", "application/json"))
        if key and self.endpoint.idempotency_header:
            stated.append((self.endpoint.idempotency_header, key))
        data = b"" if body is None else canonical(body).encode()
        return Request(address=address, method=method, headers=tuple(stated), body=data)

    def write(self, request: Request, *, repeatable: bool) -> Answer:
        """Send a request that acts; again, when its answer is lost and that does no harm.

        Raises:
            ToolFault: Nothing was done.
            OutcomeUnknown: It may have been done.
        """
        lost: OutcomeUnknown | None = None
        for delay in (0.0, *(RETRIES_SECONDS if repeatable else ())):
            if delay:
                self.sleep(delay)
            try:
                return _acted(self.client.send(request), request.address)
            except OutcomeUnknown as fault:
                lost = fault
            except ToolFault:
                # After a lost try, that this one did nothing says nothing about that one.
                if lost is None:
                    raise
        raise lost or OutcomeUnknown("It was not sent.")

    def attempt(self, request: Request) -> Answer:
        """Send a request that does no harm when it is sent twice; return whatever is answered.

        Raises:
            ToolFault: There is no answer for now.
        """
        for delay in RETRIES_SECONDS:
            try:
                return self.client.send(request)
            except OutcomeUnknown:
                self.sleep(delay)
        try:
            return self.client.send(request)
        except OutcomeUnknown as lost:
            raise Transient(lost.what, changed=lost.changed, advice="Do it again.") from lost

    def look(self, address: Address) -> JsonValue:
        """Return what a GET says; None for what is not there.

        Raises:
            ToolFault: It cannot be told.
        """
        request = self.request("GET", address, None, headers=self.endpoint.headers)
        answer = self.read(request, absent=GONE)
        return None if answer.status in GONE else value_of(answer)

    def read(self, request: Request, *, absent: frozenset[int] = frozenset()) -> Answer:
        """Send a request that only looks.

        Raises:
            ToolFault: There is no whole answer, or one of failure.
        """
        try:
            answer = self.client.send(request)
        except OutcomeUnknown as lost:
            raise Transient(lost.what) from lost
        if answer.truncated:
            raise Fatal(f"{request.address.origin} answered more than can be kept.")
        if _is_success(answer.status) or answer.status in absent:
            return answer
        what = _refusal(answer, request.address)
        raise (Transient if answer.status in PASSING else Refused)(what)


def value_of(answer: Answer) -> JsonValue:
    """Return an answer as JSON, or as text when it is none."""
    try:
        value: JsonValue = json.loads(answer.text, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return answer.text
    return value


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _acted(answer: Answer, address: Address) -> Answer:
    """Return an answer that says that the server acted; raise what another one says."""
    status = answer.status
    if _is_success(status) or status in _ACTED:
        return answer
    what = _refusal(answer, address)
    if status in _BUSY:
        raise Transient(what)
    if status in _UNCLEAR or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_ABLE
    ):
        raise OutcomeUnknown(what)
    raise Refused(what)


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _refusal(answer: Answer, address: Address) -> str:
    return f"{address!s:.200} answered {status_text(answer.status)}{_excerpt(answer)}."


def _excerpt(answer: Answer) -> str:
    """Return the beginning of what the server says, so that a model may mend its request."""
    text = " ".join(answer.text[: 4 * _EXCERPT].split())
    return f": {text[:_EXCERPT]!r}" if text else ""
