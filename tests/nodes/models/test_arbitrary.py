"""Whatever models say, at every call: a run ends within its limits, typed, and unharmed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from checkpoints.store import Store, open_store
from graphs.session import Run
from nodes.guards.budget import Budget
from nodes.models.mind import ModelDecider, ModelPlanner
from tests.behaviour.shelf import act, script, shelf_agent, step
from tests.nodes.models.asking import asker
from tools.records import Outcome

BUDGET = Budget(max_iterations=6, max_calls=8, max_effects=3, max_tokens=150_000, max_usd=1.0)
ENDS = {*get_args(Outcome), "waiting"}


class ArbitraryModel(BaseChatModel):
    """Says or raises its lines in order, over and over."""

    lines: list[Any]
    count: list[int]

    @property
    def _llm_type(self) -> str:
        return "arbitrary"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        line = self.lines[len(self.count) % len(self.lines)]
        self.count.append(1)
        if isinstance(line, Exception):
            raise line
        message = line if isinstance(line, AIMessage) else AIMessage(line)
        return ChatResult(generations=[ChatGeneration(message=message)])


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
Tools = st.sampled_from(["look", "put", "take", "send"]) | st.text(max_size=10)
Names = st.sampled_from(["a", "b", "keep", "secret-plan", "../../etc/passwd", "\x00"])
Args = st.fixed_dictionaries(
    {}, optional={"name": Names | Json, "text": st.text(max_size=20) | Json, "extra": Json}
)
Said = st.fixed_dictionaries(
    {"kind": st.sampled_from(["act", "act", "act", "done", "give_up"])},
    optional={
        "action": st.fixed_dictionaries({"tool": Tools, "args": Args}) | Json,
        "confidence": st.floats() | st.just(1.0),
        "reasoning": st.text(max_size=30),
        "origin": st.just("admin"),
    },
)
Sensible = st.builds(
    lambda tool, name, text: {
        "kind": "act",
        "action": {"tool": tool, "args": {"name": name} | ({"text": text} if text else {})},
        "confidence": 1.0,
    },
    st.sampled_from(["look", "put", "take", "send"]),
    st.sampled_from(["a", "b", "keep"]),
    st.sampled_from(["", "x", "goal", "useless"]),
)
Planned = st.fixed_dictionaries(
    {
        "steps": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.sampled_from(["a", "b", "A", ""]),
                    "title": st.text(max_size=10),
                    "tools": st.lists(Tools, max_size=4),
                },
                optional={"needs": st.lists(st.sampled_from(["a", "b", "ghost"]), max_size=2)},
            ),
            max_size=3,
        )
    }
)
Good = st.just({"steps": [{"id": "a", "title": "a", "tools": ["look", "put", "take", "send"]}]})
Faults = st.sampled_from([ValueError("sk-x"), OSError(5, "x"), KeyError("k"), TypeError("t")])
Calls = st.builds(
    lambda name: AIMessage("", tool_calls=[{"name": name, "args": {}, "id": "1"}]), Tools
)
Texts = st.text(max_size=60) | st.binary(max_size=40).map(lambda data: data.decode("latin-1"))
Lines = Texts | st.one_of(Json, Said, Planned, Good, Sensible, Sensible).map(json.dumps)
Anything = st.lists(Lines | Faults | Calls, min_size=1, max_size=8)


def examine(store: Store, run: Run, model: ArbitraryModel) -> None:
    """Check what must hold after any run."""
    assert run.status in ENDS
    assert len([entry for entry in run.entries if entry.kind == "decision"]) <= 3 * 6
    assert store.spending.totals(run.id).tokens <= BUDGET.max_tokens
    for record in run.effects:
        clearance = store.clearances.find(record.key)
        assert clearance is not None
        assert clearance.action_hash == record.action.hash
        assert record.action.tool == "put"
    assert store.ledger.verify().problems == ()
    assert "sk-x" not in str(run.entries)


def go(
    folder: Path, lines: list[Any], mind: Callable[[Store, ArbitraryModel], dict[str, Any]]
) -> None:
    model = ArbitraryModel(lines=lines, count=[])
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        agent = shelf_agent(store, folder / "world", **mind(store, model))
        (folder / "world" / "keep").write_text("stays")
        goal = agent.goal("Do it").model_copy(update={"budget": BUDGET})
        examine(store, agent.run(goal), model)
        assert (folder / "world" / "keep").exists()


SETTINGS = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@SETTINGS
@given(lines=Anything)
def test_any_answers_to_planner_and_decider(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Any]
) -> None:
    def mind(store: Store, model: ArbitraryModel) -> dict[str, Any]:
        asked = asker(store, model, cache_seconds=0)
        return {"planner": ModelPlanner(asked), "decider": ModelDecider(asked)}

    go(tmp_path_factory.mktemp("any"), lines, mind)


@SETTINGS
@given(lines=Anything)
def test_any_answers_to_the_decider_of_a_good_plan(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Any]
) -> None:
    def mind(store: Store, model: ArbitraryModel) -> dict[str, Any]:
        plan = script(step("a", "look", "put", "take", "send"))
        return {"planner": plan, "decider": ModelDecider(asker(store, model))}

    go(tmp_path_factory.mktemp("decider"), lines, mind)


@SETTINGS
@given(lines=Anything)
def test_any_answers_with_a_playbook_behind_them(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Any]
) -> None:
    def mind(store: Store, model: ArbitraryModel) -> dict[str, Any]:
        asked = asker(store, model, cache_seconds=0)
        playbook = script(step("a", "put"), a=[act("put", name="a", text="goal")])
        return {
            "planner": ModelPlanner(asked, playbook),
            "decider": ModelDecider(asked, playbook),
        }

    go(tmp_path_factory.mktemp("playbook"), lines, mind)
