"""A suite's tools as ours: declared in a file, done by the suite itself."""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from tools.contract import JsonObject, Tool

HERE = Path(__file__).parent


class Declaration(BaseModel):
    """What a suite says of one tool."""

    model_config = ConfigDict(extra="forbid")

    effect: str
    authority: list[str] = []
    outgoing: list[str] = []
    verbs: list[str] = []
    trusted: list[str] = []
    secret: bool = False
    """Whether its output is withheld from the model."""
    known: list[str] = []
    """Values that are always harmless, such as the least permission."""
    vouches: list[str] = []
    """Where in the world the tool's closed vocabulary stands, as `slack.channels`."""
    destroys: bool = False
    leaves: bool = False
    """Whether a read carries its arguments to somebody else's machine."""


def declarations(suite: str) -> dict[str, Declaration]:
    """Return what is declared of a suite's tools."""
    stated = tomllib.loads((HERE / f"{suite}.toml").read_text("utf-8"))
    return {name: Declaration.model_validate(one) for name, one in stated.items()}


def withheld(suite: str) -> set[str]:
    """Return the functions whose output is secret: it reaches no model."""
    return {name for name, one in declarations(suite).items() if one.secret}


def declared_tools(suite: str, functions: dict[str, Any], env: Any) -> dict[str, Tool]:
    """Return our tools for a suite's functions, by name, on a world."""
    told = declarations(suite)
    if set(told) != set(functions):
        msg = f"declared and there: {sorted(set(told) ^ set(functions))}"
        raise ValueError(msg)
    return {name: _tool(name, functions[name], one, env) for name, one in told.items()}


def _tool(called: str, function: Any, told: Declaration, env: Any) -> Tool:
    fields = frozenset(function.parameters.model_fields)

    def vocabulary() -> frozenset[str]:
        return frozenset(one for path in told.vouches for one in _at(env, path.split(".")))

    class Declared(Tool):
        name: ClassVar[str] = called
        description: ClassVar[str] = function.description
        effect = told.effect  # type: ignore[assignment]  # validated by the policy's types
        args_schema: ClassVar[type[BaseModel]] = function.parameters
        authority: ClassVar[frozenset[str]] = frozenset(told.authority)
        content: ClassVar[frozenset[str]] = fields - frozenset(told.authority)
        outgoing: ClassVar[frozenset[str]] = frozenset(told.outgoing)
        verbs: ClassVar[frozenset[str]] = frozenset(told.verbs)
        destroys: ClassVar[bool] = told.destroys
        trusted_fields: ClassVar[frozenset[str]] = frozenset(told.trusted)

        def known_values(self, _args: JsonObject) -> frozenset[str]:
            return frozenset(told.known) | vocabulary()

        def resources(self, _args: JsonObject) -> frozenset[str]:
            return frozenset({f"tool:{called}"})

        def apply(self, _args: JsonObject, key: str) -> JsonValue:
            raise AssertionError(key)

    return Declared()


def _at(value: Any, path: list[str]) -> list[str]:
    if not path:
        listed = value if isinstance(value, list) else [value]
        return [str(one) for one in listed]
    head, *rest = path
    if head == "*":
        return [text for one in value for text in _at(one, rest)]
    return _at(getattr(value, head), rest)
