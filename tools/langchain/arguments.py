"""Which arguments of a LangChain tool a model may give, and which never come from one."""

import inspect
from collections.abc import Mapping
from typing import Any, get_args

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import Tool as StringTool
from langchain_core.tools.base import InjectedToolCallId
from langchain_core.tools.base import get_all_basemodel_annotations as annotations_of
from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticUserError

from tools.contract import JsonObject
from tools.errors import BadInput, Refused

_OWN = frozenset({"config", "run_manager"})
"""Arguments that LangChain passes to the function of a structured tool itself."""


def schema_of(tool: BaseTool) -> JsonObject:
    """Return the JSON schema of what a model may give.

    Raises:
        BadInput: There is none: an argument is of a type that JSON cannot hold.
    """
    told = tool.tool_call_schema
    if isinstance(told, dict):
        whole: JsonObject = told
        return whole
    if isinstance(tool, StringTool) and tool.args_schema is None:
        return {"type": "object", "properties": tool.args, "required": [*tool.args]}
    try:
        schema = told.model_json_schema() if issubclass(told, BaseModel) else told.schema()
    except (PydanticUserError, ValueError, TypeError) as fault:
        raise BadInput(f"The arguments of {tool.name!r} have no JSON schema: {fault}.") from fault
    return _without(schema, _settings(told))


def _settings(model: type[Any]) -> set[str]:
    """Return the arguments that LangChain fills in itself: how a tool is run, not what it does."""
    found = annotations_of(model).items()
    return {name for name, kind in found if RunnableConfig in {kind, *get_args(kind)}}


def _without(schema: JsonObject, names: set[str]) -> JsonObject:
    fields, required = schema.get("properties"), schema.get("required")
    if not names or not isinstance(fields, dict):
        return schema
    needed = required if isinstance(required, list) else []
    return schema | {
        "properties": {name: part for name, part in fields.items() if name not in names},
        "required": [name for name in needed if name not in names],
    }


def injected(tool: BaseTool) -> frozenset[str]:
    """Return the names of the arguments that somebody else than a model must give.

    The id of the call is not among them: it is the effect's key, and given by the adapter.
    """
    if isinstance(tool.args_schema, dict):
        return frozenset()
    full = annotations_of(tool.get_input_schema())
    told = tool.tool_call_schema
    shown = set() if isinstance(told, dict) else set(annotations_of(told))
    by_signature: frozenset[str] = getattr(tool, "_injected_args_keys", frozenset())
    ids = {name for name, kind in full.items() if _is_call_id(kind)}
    return frozenset((set(full) - shown) | by_signature) - ids - _call_ids(tool)


def refuse_unfilled(tool: BaseTool, filled: Mapping[str, Any], shown: set[str]) -> None:
    """Raise when an argument would stay open, or would come from the wrong side.

    Raises:
        BadInput: An injected argument is not filled, or a filled one is not injected.
    """
    wanted = injected(tool)
    if open_ones := sorted(wanted - set(filled)):
        raise BadInput(
            f"{tool.name!r} wants {', '.join(open_ones)} from its caller, never from a model.",
            advice="Give the values with filled={...}.",
        )
    if strange := sorted(set(filled) - wanted):
        raise BadInput(f"The tool {tool.name!r} has no injected argument {', '.join(strange)}.")
    if isinstance(tool, StructuredTool) and (taken := sorted(shown & _OWN)):
        raise BadInput(
            f"LangChain keeps the argument {', '.join(taken)} of {tool.name!r} for itself."
        )


def refuse_unfit(tool: BaseTool, args: JsonObject) -> None:
    """Raise when the tool's own model does not take the arguments; it may check more than a schema.

    Raises:
        Refused: It does not.
    """
    schema = tool.args_schema
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return
    shown = annotations_of(_shown(tool))
    if set(schema.model_fields) - set(shown) or _settings(schema):
        return  # with arguments that are filled in later it cannot be tried before
    try:
        schema.model_validate(args)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(
            f"The arguments of {tool.name!r} do not fit: {where} {first['msg']}."
        ) from fault


def _shown(tool: BaseTool) -> type[Any]:
    told = tool.tool_call_schema
    return BaseModel if isinstance(told, dict) else told


def _call_ids(tool: BaseTool) -> set[str]:
    run = getattr(tool, "func", None) or getattr(tool, "coroutine", None) or tool._run  # noqa: SLF001  # where the arguments are
    found = inspect.signature(run).parameters.values()
    return {one.name for one in found if _is_call_id(one.annotation)}


def _is_call_id(kind: Any) -> bool:  # noqa: ANN401  # an annotation may be anything
    parts = getattr(kind, "__metadata__", ())
    return any(part is InjectedToolCallId or isinstance(part, InjectedToolCallId) for part in parts)
