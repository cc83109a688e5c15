"""What an endpoint's effect left at the server, and how it is found there again."""

from dataclasses import dataclass

from pydantic import JsonValue

from tools.contract import Artifacts, JsonObject, canonical
from tools.errors import SurefootError
from tools.http.endpoint import Endpoint
from tools.http.exchange import Exchange, idempotency_key
from tools.http.template import Missing, UrlTemplate, look_in
from tools.results import without_secrets
from tools.versions import Versions


@dataclass(frozen=True, slots=True)
class Traces:
    """Looks at the declared state and asks the declared probe.

    Args:
        exchange: Has the declaration, and asks.
        artifacts: Keeps states.
    """

    exchange: Exchange
    artifacts: Artifacts

    @property
    def endpoint(self) -> Endpoint:
        """What is declared."""
        return self.exchange.endpoint

    def made(self, args: JsonObject, key: str) -> JsonValue:
        """Return what the probe finds of the effect; None for nothing.

        Raises:
            ToolFault: It cannot be told for now.
        """
        probe = self.endpoint.probe
        if probe is None:
            return None
        address = UrlTemplate(probe.url).fill({**args, "idempotency_key": key})
        seen = self.exchange.look(address)
        if seen is None or not probe.found:
            return seen
        try:
            found = look_in(seen, probe.found)
        except Missing:
            return None
        return None if found is False or found in ("", [], {}) else found

    def state(self, args: JsonObject, result: JsonValue = None) -> JsonValue:
        """Return the declared state, without secrets; None when there is nothing yet.

        Raises:
            ToolFault: It cannot be told for now.
        """
        if not self.endpoint.state:
            return None
        values: JsonObject = dict(args)
        if isinstance(result, dict):
            values["result"] = result.get("value")
            values["idempotency_key"] = result.get("idempotency_key")
        try:
            address = UrlTemplate(self.endpoint.state).fill(values)
        except Missing:
            return None
        return without_secrets(self.exchange.look(address), frozenset(self.endpoint.secret_fields))

    def versions(
        self, args: JsonObject, snapshot: JsonObject, result: JsonValue
    ) -> Versions | None:
        """Return the state in its versions, or whether what was made is there; None if untold.

        Raises:
            ToolFault: It cannot be told for now.
        """
        if self.endpoint.state:
            return self._of_state(args, snapshot, result)
        if not self.endpoint.probe:
            return None
        key = _key(snapshot, result)
        now = "there" if self.made(args, key) is not None else None
        return Versions(
            subject=f"http:{self.endpoint.name} {key}", before=None, left="there", now=now
        )

    def values(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> JsonObject:
        """Return all that a compensation may be filled with."""
        known = self._found_again(args, snapshot, result)
        values: JsonObject = {
            **args,
            "idempotency_key": known["idempotency_key"],
            "result": known.get("value"),
        }
        if "state" in snapshot:
            values["state"] = self.artifacts.get(str(snapshot["state"]))
        return values

    def _of_state(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> Versions:
        known = self._found_again(args, snapshot, result)
        now, left = self.state(args, known), known.get("state")
        return Versions(
            subject=f"http:{self.endpoint.state} {canonical(args)}",
            before=self.artifacts.get(str(snapshot["state"])),
            left=self.artifacts.get(str(left)) if left else now,
            now=now,
        )

    def _found_again(self, args: JsonObject, snapshot: JsonObject, result: JsonValue) -> JsonObject:
        """Return the result of the effect; of one that was only found out, what its probe finds."""
        known: JsonObject = dict(result) if isinstance(result, dict) else {}
        known["idempotency_key"] = key = _key(snapshot, result)
        if "value" not in known and self.endpoint.probe:
            known["value"] = self.made(args, key)
        return known


def _key(snapshot: JsonObject, result: JsonValue) -> str:
    """Return what the server knows the effect by; the runner names the effect in the snapshot."""
    if isinstance(result, dict) and result.get("idempotency_key"):
        return str(result["idempotency_key"])
    if "key" not in snapshot:
        raise SurefootError("It is not known by which key the server knows this effect.")
    return idempotency_key(str(snapshot["key"]))
