"""The tool that a declared endpoint becomes."""

import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import ClassVar, Final

from pydantic import JsonValue

from tools.contract import Artifacts, EffectClass, Happened, JsonObject, Preview, Tool, canonical
from tools.contract import digest as digest_of
from tools.errors import Fatal, OutcomeUnknown, SurefootError, ToolFault, Transient, UndoConflict
from tools.http.client import Answer, Request
from tools.http.endpoint import REPEATABLE, Compensation
from tools.http.exchange import GONE, Exchange, idempotency_key, value_of
from tools.http.get import status_text
from tools.http.template import Missing, UrlTemplate, fill_body
from tools.http.traces import Traces
from tools.shortened import shortened
from tools.versions import Versions

MAX_RESULT_CHARACTERS: Final = 100_000
MAX_SHOWN_CHARACTERS: Final = 4_000


def endpoint_tool(exchange: Exchange, artifacts: Artifacts) -> Tool:
    """Return the tool `http_<name>` of an endpoint."""
    endpoint = exchange.endpoint
    roles = {name: one.role for name, one in endpoint.parameters.items()}
    if endpoint.free_body:
        roles["body"] = "authority"

    class Declared(EndpointTool):
        name = f"http_{endpoint.name}"
        description = endpoint.description
        effect: ClassVar[EffectClass] = endpoint.effect
        args_schema = endpoint.arguments()
        authority = frozenset(name for name, role in roles.items() if role == "authority")
        content = frozenset(name for name, role in roles.items() if role == "content")
        secret_fields = frozenset(endpoint.secret_fields)
        verbs = frozenset(endpoint.verbs)
        outgoing = endpoint.outgoing
        destroys = endpoint.destroys

    return Declared(exchange, artifacts)


class EndpointTool(Tool):
    """Sends one declared request; what makes it safe is in its declaration.

    Args:
        exchange: Has the declaration, and sends.
        artifacts: Keeps the states that undoing brings back.
    """

    def __init__(self, exchange: Exchange, artifacts: Artifacts) -> None:
        self._endpoint = endpoint = exchange.endpoint
        self._exchange = exchange
        self._artifacts = artifacts
        self._traces = Traces(exchange, artifacts)
        self._url = UrlTemplate(endpoint.url)
        self._lost: set[str] = set()

    def bounds(self) -> tuple[str, ...]:
        """Return the request and what takes it back."""
        return (f"{self._endpoint.method} {self._endpoint.url}", self._undoing())

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the host."""
        return frozenset({f"host:{self._url.fill(_filled(args)).netloc}"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the choices that settings give."""
        del args
        return frozenset(
            choice for one in self._endpoint.parameters.values() for choice in one.choices
        )

    def target(self, args: JsonObject) -> str:
        """Return what an approval is bound to: the declaration, and the state that is changed.

        Raises:
            ToolFault: The state cannot be told.
        """
        declared = digest_of(self._endpoint.to_json())
        return canonical({"endpoint": declared, "state": digest_of(self._traces.state(args))})

    def snapshot(self, args: JsonObject) -> JsonObject:
        """Return the state, kept as an artifact, when one is declared.

        Raises:
            ToolFault: It cannot be told, or is too large to be brought back.
        """
        self._request(args, "")
        if not self._endpoint.state:
            return {}
        return {"state": self._artifacts.put(self._traces.state(args))}

    def preview(self, args: JsonObject) -> Preview:
        """Return the exact request, the state now, and what would take it back.

        Raises:
            ToolFault: A value does not fit, or the state cannot be told.
        """
        request = self._request(args, "(one of its own)")
        state = self._traces.state(args) if self._endpoint.state else None
        return Preview(
            summary=f"{request.method} {request.address}"[:300],
            statement=_shown_request(request),
            before=_shown(state) if self._endpoint.state else "",
            facts={"body_bytes": len(request.body)},
            undo=self._undoing(),
        )

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Send the request.

        Raises:
            Refused: The server turned it away, or a value does not fit; nothing was done.
            Transient: No connection, or the server is busy; nothing was done.
            Fatal: There will be no connection; nothing was done.
            OutcomeUnknown: It was sent, and no whole answer came.
        """
        request = self._request(args, idempotency_key(key))
        if self._endpoint.effect == "read":
            return self._result(request, self._exchange.read(request))
        try:
            answer = self._exchange.write(request, repeatable=self._endpoint.repeatable)
        except OutcomeUnknown:
            self._lost.add(key)
            raise
        result = self._result(request, answer)
        result["idempotency_key"] = idempotency_key(key)
        if self._endpoint.state:
            with suppress(ToolFault):  # it has happened; what it left is only good to know
                result["state"] = self._artifacts.put(self._traces.state(args, result))
        return result

    def probe(self, args: JsonObject, snapshot: JsonObject, key: str) -> Happened:
        """Ask the server whether it saw the key, or whether the state is what was sent.

        Raises:
            ToolFault: It cannot be told for now.
        """
        endpoint = self._endpoint
        if endpoint.probe:
            made = self._traces.made(args, idempotency_key(key)) is not None
            happened: Happened = "yes" if made else "no"
        elif endpoint.state and endpoint.repeatable:
            happened = self._by_state(args, snapshot)
        else:
            return "unknown"
        # A server that was asked a moment ago may still be at it.
        return "unknown" if happened == "no" and key in self._lost else happened

    def _by_state(self, args: JsonObject, snapshot: JsonObject) -> Happened:
        """Tell by the state: as it was, nothing happened, and to do it (again) does no harm."""
        now = self._traces.state(args)
        if digest_of(now) == str(snapshot["state"]).removeprefix("sha256:"):
            return "no"
        if self._endpoint.method == "DELETE":
            return "yes" if now is None else "unknown"
        wanted = self._body(args) if self._endpoint.method == "PUT" else None
        return "yes" if wanted is not None and _holds(now, wanted) else "unknown"

    def compare(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions | None:
        """Return the declared state in its versions, or whether the probe finds what was made.

        Raises:
            ToolFault: It cannot be told for now.
        """
        return self._traces.versions(args, snapshot, result)

    def undo(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> None:
        """Send the compensation, with an idempotency key of its own.

        Raises:
            UndoConflict: The state is no longer as the effect left it, or the server says so.
            ToolFault: It cannot be done for now; it may have been done when the answer was lost.
            SurefootError: It cannot be undone.
        """
        undoing = self._endpoint.compensation
        if undoing is None:
            super().undo(args, snapshot, result)
            return
        found = self.compare(args, snapshot, result)
        if found and found.now == found.before:
            return
        if found and found.now != found.left:
            raise UndoConflict(f"What {self.name!r} changed is no longer as it left it.")
        self._compensate(undoing, self._traces.values(args, snapshot, result))

    def _compensate(self, undoing: Compensation, values: JsonObject) -> None:
        try:
            address = UrlTemplate(undoing.url).fill(values)
            body = fill_body(undoing.body, values)
        except Missing as fault:
            raise SurefootError(f"{self.name!r} cannot be undone: {fault} is not known.") from fault
        own = idempotency_key(f"{values['idempotency_key']}/undo")
        request = self._exchange.request(
            undoing.method, address, body, headers=undoing.headers, key=own
        )
        answer = self._exchange.attempt(request)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status in GONE:
            return
        what = f"The server does not undo it: {status_text(answer.status)}."
        if answer.status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
            raise UndoConflict(what)
        raise (Transient if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Fatal)(what)

    def _request(self, args: JsonObject, key: str) -> Request:
        """Return the request of an action.

        Raises:
            Refused: A value would make another URL.
        """
        endpoint, values = self._endpoint, _filled(args)
        return self._exchange.request(
            endpoint.method,
            self._url.fill(values),
            self._body(values),
            headers=endpoint.headers,
            key=key,
        )

    def _body(self, values: Mapping[str, JsonValue]) -> JsonValue:
        endpoint = self._endpoint
        if endpoint.free_body:
            return values["body"]
        if endpoint.body is not None:
            return fill_body(endpoint.body, values)
        if endpoint.method in REPEATABLE - {"PUT"}:
            return None
        rest = {name: value for name, value in values.items() if name not in self._url.names}
        return rest or None

    def _result(self, request: Request, answer: Answer) -> JsonObject:
        value = shortened(value_of(answer), MAX_RESULT_CHARACTERS)
        told: JsonObject = {
            "summary": f"{request.method} {request.address}: {status_text(answer.status)}."[:400],
            "status": answer.status,
            "value": value.value,
            "truncated": answer.truncated or value.truncated,
            "size": value.size,
        }
        if "location" in answer.headers:
            told["location"] = answer.headers["location"][:1_000]
        return told

    def _undoing(self) -> str:
        undoing = self._endpoint.compensation
        if undoing:
            return f"Taken back by {undoing.method} {undoing.url}."
        return "Changes nothing." if self.effect == "read" else "Cannot be taken back."


def _filled(args: JsonObject) -> JsonObject:
    return {name: value for name, value in args.items() if value is not None}


def _holds(now: JsonValue, wanted: JsonValue) -> bool:
    """Tell whether a state has all that was sent; servers add fields of their own."""
    if isinstance(now, dict) and isinstance(wanted, dict):
        return all(name in now and _holds(now[name], item) for name, item in wanted.items())
    return now == wanted


def _shown_request(request: Request) -> str:
    lines = [f"{request.method} {request.address}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    body = _shown(json.loads(request.body)) if request.body else ""
    return "\n".join([*lines, *(["", body] if body else [])])


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    if len(text) <= MAX_SHOWN_CHARACTERS:
        return text
    return f"{text[:MAX_SHOWN_CHARACTERS]} ... ({len(text)} characters)"
