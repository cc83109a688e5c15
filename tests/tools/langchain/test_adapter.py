"""Any LangChain tool in one line, taken at its worst unless it is declared otherwise."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import Tool as StringTool

from checkpoints.store import Store, open_store
from tests.tools.langchain import stock
from tests.tools.langchain.specimens import WriteNote
from tools.contract import JsonObject
from tools.errors import BadInput, Fatal, OutcomeUnknown, Refused, Transient
from tools.langchain.adapter import MAX_OUTPUT_CHARACTERS, adapted
from tools.langchain.hooks import Hooks
from tools.stopping import Stop, Stopped, stopping_at
from tools.toolbox import Toolbox, lint


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}") as store:
        yield store


TO: JsonObject = {"to": "Ada", "place": {"city": "London"}}


def test_undeclared_tool_is_irreversible_untrusted_and_decides_by_every_argument() -> None:
    tool = adapted(stock.parcels([]))
    assert lint(tool) == []
    assert (tool.effect, tool.output_trust) == ("irreversible", "untrusted")
    assert tool.authority == {"to", "place", "notes", "priority"}
    assert tool.resources({}) == {"tool:send"}


def test_declared_tool_is_what_it_is_declared() -> None:
    tool = adapted(stock.parcels([]), effect="read", authority={"to"}, trust="trusted")
    assert (tool.effect, tool.output_trust) == ("read", "trusted")
    assert tool.content == tool.outgoing == {"place", "notes", "priority"}
    assert Toolbox([tool]).cards()[0].name == "send"


def test_contradictory_declarations_are_refused() -> None:
    with pytest.raises(BadInput, match="no argument who"):
        adapted(stock.parcels([]), authority={"who"})
    with pytest.raises(BadInput, match="no argument bcc"):
        adapted(stock.parcels([]), hooks=Hooks(outgoing={"bcc"}))
    with pytest.raises(BadInput, match="cannot be undone and probed"):
        adapted(stock.parcels([]), effect="reversible")


@pytest.mark.parametrize("make", [stock.parcels, stock.by_schema])
def test_call_passes_the_arguments_with_their_defaults(make: Any) -> None:
    sent: list[Any] = []
    tool = adapted(make(sent))
    args = tool.check(TO)
    assert args == TO | {"notes": [], "priority": None}
    result = tool.apply(args, "key")
    assert isinstance(result, dict)
    assert result["truncated"] is False
    assert sent[0]["to"] == "Ada"


def test_card_shows_the_closed_schema() -> None:
    card = adapted(stock.by_schema([]), foreign=True).card()
    assert card.foreign
    assert card.parameters["additionalProperties"] is False
    assert card.parameters["required"] == ["to", "place"]


@pytest.mark.parametrize("tool", [stock.async_only(), stock.Later()], ids=["function", "class"])
def test_async_only_tool_is_run(tool: BaseTool) -> None:
    run = adapted(tool, effect="read")
    (name,) = run.authority
    result = run.apply(run.check({name: "here"}), "key")
    assert isinstance(result, dict)
    assert "here" in str(result["content"])


def test_tool_of_one_string_is_run() -> None:
    shout = adapted(StringTool(name="shout", description="Shout.", func=str.upper), effect="read")
    assert shout.authority == {"tool_input"}
    assert "HEY" in str(shout.apply(shout.check({"tool_input": "hey"}), "key"))


def test_how_a_tool_is_run_is_no_argument() -> None:
    given: list[Any] = []

    class Configured(BaseTool):
        name: str = "configured"
        description: str = "Do something."

        def _run(self, what: str, config: RunnableConfig) -> str:
            given.append(config.get("tags"))
            return what

    tool = adapted(Configured(), effect="read")
    assert tool.authority == {"what"}
    assert "x" in str(tool.apply(tool.check({"what": "x"}), "key"))
    with pytest.raises(Refused):
        tool.check({"what": "x", "config": {"tags": ["mine"]}})
    assert given == [[]]


@pytest.mark.parametrize("handled", [True, False])
def test_tool_that_says_no_is_a_refusal_that_a_model_can_mend(*, handled: bool) -> None:
    tool = adapted(stock.failing(handled=handled), effect="read")
    with pytest.raises(Refused, match="there is no cat"):
        tool.apply({"name": "cat"}, "key")


@pytest.mark.parametrize("make", [lambda _: stock.hanging_async(), stock.hanging])
def test_slow_read_may_be_tried_again_and_a_slow_effect_may_not(make: Any) -> None:
    release = Event()
    with pytest.raises(Transient, match="did not answer"):
        adapted(make(release), effect="read", seconds=0.01).apply({}, "key")
    with pytest.raises(OutcomeUnknown, match="may or may not have happened"):
        adapted(make(release), seconds=0.01).apply({}, "key")
    release.set()


def test_stop_does_not_wait_for_a_tool() -> None:
    release, stop = Event(), Stop()
    tool = adapted(stock.hanging(release), effect="read")

    def call() -> str:
        stop.set_result(None)
        release.wait()
        return "late"

    hanging = adapted(StructuredTool.from_function(call, name="c", description="d"), effect="read")
    with stopping_at(stop), pytest.raises(Stopped):
        hanging.apply({}, "key")
    with stopping_at(stop), pytest.raises(Stopped):
        tool.apply({}, "key")
    release.set()


def test_exceptions_mean_what_the_hooks_say() -> None:
    hooks = Hooks(faults={LookupError: Fatal, ConnectionError: Transient})
    with pytest.raises(Fatal):
        adapted(stock.raising(KeyError("x")), hooks=hooks).apply({}, "k")
    with pytest.raises(Transient):
        adapted(stock.raising(ConnectionResetError()), hooks=hooks).apply({}, "k")
    with pytest.raises(ValueError, match="odd"):
        adapted(stock.raising(ValueError("odd")), hooks=hooks).apply({}, "k")


def test_failed_effect_with_a_probe_is_looked_for_not_believed() -> None:
    hooks = Hooks(probe=lambda *_: "yes")
    with pytest.raises(OutcomeUnknown):
        adapted(stock.failing(handled=False), hooks=hooks).apply({"name": "cat"}, "k")


def test_output_is_bounded_and_says_so() -> None:
    result = adapted(stock.flooding(), effect="read").apply({}, "k")
    assert isinstance(result, dict)
    assert result["truncated"] is True
    assert len(str(result)) < MAX_OUTPUT_CHARACTERS + 5_000
    assert int(str(result["characters"])) > 6_000_000


def nested(levels: int) -> Any:
    return [] if levels == 0 else [nested(levels - 1)]


@pytest.mark.parametrize("value", [stock.Unprintable(), {(1, 2): 3}, object(), nested(300)])
def test_result_without_json_is_no_failure_of_an_effect(value: Any) -> None:
    result = adapted(stock.returning(value)).apply({}, "k")
    assert isinstance(result, dict)
    assert result["summary"] == "given"


def test_injected_arguments_are_filled_by_the_caller_or_the_tool_is_refused() -> None:
    paid: list[Any] = []
    with pytest.raises(BadInput, match="account"):
        adapted(stock.payer(paid))
    with pytest.raises(BadInput, match="no injected argument amount"):
        adapted(stock.payer(paid), filled={"account": "a", "amount": 1})
    tool = adapted(stock.payer(paid), filled={"account": "household"})
    assert tool.authority == {"amount"}
    tool.apply(tool.check({"amount": 3}), "k")
    assert paid == [(3, "household")]


def test_call_id_is_the_key_of_the_effect() -> None:
    keys: list[str] = []
    tool = adapted(stock.keyed(keys))
    tool.apply(tool.check({"what": "tea"}), "run/step/1")
    assert keys == ["run/step/1"]


def test_arguments_that_langchain_keeps_for_itself_are_refused() -> None:
    def odd(config: str) -> str:
        return config

    tool = StructuredTool(
        name="odd",
        description="d",
        func=odd,
        args_schema={"type": "object", "properties": {"config": {"type": "string"}}},
    )
    with pytest.raises(BadInput, match="keeps the argument config"):
        adapted(tool)


def test_hooks_make_a_tool_reversible(tmp_path: Path, store: Store) -> None:
    world = WriteNote(tmp_path)
    tool, before = world.tool(store.artifacts), world.world()
    args = tool.check({"name": "a", "text": "hello"})
    snapshot = tool.snapshot(args)
    assert tool.probe(args, snapshot, "k") == "no"
    result = tool.apply(args, "k")
    assert tool.probe(args, snapshot, "k") == "yes"
    tool.undo(args, snapshot, result)
    tool.undo(args, snapshot, result)
    assert world.world() == before


def test_preview_of_an_unknown_effect_shows_the_call() -> None:
    preview = adapted(stock.parcels([])).preview(TO)
    assert "only the tool knows" in preview.summary
    assert "London" in preview.statement
