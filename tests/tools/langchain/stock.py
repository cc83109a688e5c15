"""LangChain tools of every kind, as users bring them."""

import asyncio
from threading import Event
from typing import Annotated, Any

from langchain_core.tools import BaseTool, InjectedToolArg, StructuredTool, ToolException, tool
from langchain_core.tools.base import InjectedToolCallId
from pydantic import BaseModel, Field


class Place(BaseModel):
    city: str
    street: str = "Main Street"


class Delivery(BaseModel):
    to: str = Field(description="Who gets it.", min_length=1)
    place: Place
    notes: list[str] = []
    priority: int | None = None


def parcels(sent: list[Any]) -> BaseTool:
    """Return a tool that sends parcels, and keeps what it sent."""

    def send(**given: Any) -> str:
        sent.append(given)
        return f"sent to {given['to']}"

    return StructuredTool.from_function(
        send, name="send", description="Send a parcel.", args_schema=Delivery
    )


def by_schema(sent: list[Any]) -> BaseTool:
    """Return the same with a JSON schema, which LangChain itself does not check."""

    def send(**given: Any) -> str:
        sent.append(given)
        return "sent"

    return StructuredTool.from_function(
        send, name="send", description="Send a parcel.", args_schema=Delivery.model_json_schema()
    )


def payer(paid: list[Any]) -> BaseTool:
    """Return a tool whose account no model may name."""

    @tool
    def pay(amount: int, account: Annotated[str, InjectedToolArg]) -> str:
        """Pay somebody."""
        paid.append((amount, account))
        return "paid"

    return pay


def keyed(keys: list[str]) -> BaseTool:
    @tool
    def order(what: str, call: Annotated[str, InjectedToolCallId]) -> str:
        """Order something once."""
        keys.append(call)
        return f"ordered {what}"

    return order


def async_only() -> BaseTool:
    @tool
    async def look(where: str) -> str:
        """Look somewhere."""
        await asyncio.sleep(0)
        return f"saw {where}"

    return look


class Later(BaseTool):
    name: str = "later"
    description: str = "Implements only the async half."

    def _run(self, what: str) -> str:
        raise NotImplementedError("use the async one")

    async def _arun(self, what: str) -> str:
        return what


def hanging(release: Event) -> BaseTool:
    @tool
    def hang() -> str:
        """Wait for ever."""
        release.wait()
        return "late"

    return hang


def hanging_async() -> BaseTool:
    @tool
    async def hang() -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        return "late"

    return hang


def failing(*, handled: bool) -> BaseTool:
    def find(name: str) -> str:
        raise ToolException(f"there is no {name}")

    return StructuredTool.from_function(
        find, name="find", description="Find.", handle_tool_error=handled
    )


def raising(fault: Exception) -> BaseTool:
    @tool
    def fail() -> str:
        """Fail."""
        raise fault

    return fail


def flooding() -> BaseTool:
    @tool(response_format="content_and_artifact")
    def flood() -> tuple[str, Any]:
        """Return far too much."""
        return "x" * 3_000_000, {"rows": ["y" * 1000] * 3000}

    return flood


class Unprintable:
    def __str__(self) -> str:
        raise ValueError("no text")


def returning(value: Any) -> BaseTool:
    @tool(response_format="content_and_artifact")
    def give() -> tuple[str, Any]:
        """Give something odd."""
        return "given", value

    return give
