"""Arguments that nobody declared, tried on a bare LangChain tool and on an adapted one."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langchain_core.tools import BaseTool, InjectedToolArg, StructuredTool

from tests.tools.langchain import stock
from tests.tools.langchain.naive import naive
from tools.contract import JsonObject
from tools.errors import Refused
from tools.langchain.adapter import adapted

Wrap = Callable[..., Callable[[JsonObject], Any]]
"""What makes something that may be called with the arguments that a model gave."""


def ours(tool: BaseTool, **given: Any) -> Callable[[JsonObject], Any]:
    safe = adapted(tool, **given)
    return lambda args: safe.apply(safe.check(args), "key")


def smuggles_injected(wrap: Wrap) -> bool:
    paid: list[Any] = []

    def pay(amount: int, account: str) -> str:
        paid.append(account)
        return "paid"

    pay.__annotations__["account"] = Annotated[str, InjectedToolArg]
    tool = StructuredTool.from_function(pay, name="pay", description="Pay.")
    try:
        wrap(tool, filled={"account": "household"})({"amount": 1, "account": "mallory"})
    except Refused:
        return False
    return paid == ["mallory"]


def smuggles_extra(wrap: Wrap) -> bool:
    sent: list[Any] = []
    args: JsonObject = {"to": "Ada", "place": {"city": "London"}, "bcc": "mallory"}
    try:
        wrap(stock.by_schema(sent))(args)
    except Refused:
        return False
    return "bcc" in sent[0]


def smuggles_nested(wrap: Wrap) -> bool:
    sent: list[Any] = []
    args: JsonObject = {"to": "Ada", "place": {"city": "London", "via": "mallory"}}
    try:
        wrap(stock.by_schema(sent))(args)
    except Refused:
        return False
    return "via" in sent[0]["place"]


def smuggles_wrong_kind(wrap: Wrap) -> bool:
    sent: list[Any] = []
    args: JsonObject = {"to": {"$where": "1"}, "place": {"city": "London"}}
    try:
        wrap(stock.by_schema(sent))(args)
    except Refused:
        return False
    return bool(sent)


ATTACKS = [smuggles_injected, smuggles_extra, smuggles_nested, smuggles_wrong_kind]


@pytest.mark.parametrize("escapes", ATTACKS)
def test_bare_tool_lets_arguments_be_smuggled(escapes: Callable[[Wrap], bool]) -> None:
    assert escapes(naive)


@pytest.mark.parametrize("escapes", ATTACKS)
def test_adapted_tool_takes_only_what_it_declared(escapes: Callable[[Wrap], bool]) -> None:
    assert not escapes(ours)
