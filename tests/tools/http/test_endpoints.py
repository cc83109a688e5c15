"""Declared requests: sent once whatever is lost, found again, and taken back."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from checkpoints.reversal import UndoReport
from checkpoints.store import Store
from checkpoints.undo import undo_run
from tests.behaviour.conftest import clock, store
from tests.behaviour.shelf import Clock
from tests.tools.http.opening import opened
from tests.tools.http.server import Asked, RawServer, Reply, Site
from tests.tools.http.shop import Shop, order, price
from tools.contract import Action, Call, Clearance, JsonObject, Observation
from tools.errors import Refused, Transient
from tools.policy import Policy
from tools.runner import Runner
from tools.toolbox import Toolbox, lint

__all__ = ["clock", "store"]

POLICY = '[[rules]]\nid = "shop"\ntool = "http_*"\nverdict = "allow"\n'
TEA: JsonObject = {"item": "tea", "count": 2}


@dataclass
class Bench:
    """The shop, and a runner that may order there."""

    shop: Shop
    site: Site
    store: Store
    clock: Clock

    def runner(self, **settings: Any) -> Runner:
        endpoints = settings.pop("endpoints", None) or [order(self.site), price(self.site)]
        tools = opened(endpoints=endpoints, artifacts=self.store.artifacts, **settings)
        return Runner(
            tools=Toolbox([*tools.values()]),
            policy=Policy.from_toml(POLICY, source="shop"),
            journal=self.store.journal,
            clearances=self.store.clearances,
            artifacts=self.store.artifacts,
            clock=self.clock,
            sleep=lambda _: None,
        )

    def run(self, runner: Runner, tool: str, args: JsonObject, key: str = "r/s/1") -> Observation:
        action = Action(tool=tool, args=args)
        self.store.clearances.grant(
            Clearance(
                key=key,
                action_hash=action.hash,
                by="person",
                name="ada",
                expires_at=self.clock() + timedelta(hours=1),
            )
        )
        return runner.run(Call(key=key, run="r", step="s", action=action))

    def undo(self, runner: Runner) -> UndoReport:
        return undo_run(self.store, "r", reverser=runner, by="ada")

    def answer(self, *replies: Reply | None) -> None:
        """Let the shop answer the next writes so, after it acted; None is its own answer."""
        waiting = list(replies)

        def fault(asked: Asked) -> Reply | None:
            return waiting.pop(0) if asked.method != "GET" and waiting else None

        self.shop.fault = fault

    def state(self, key: str = "r/s/1") -> str:
        record = self.store.journal.find(key)
        return record.state if record else ""


@pytest.fixture
def bench(store: Store, clock: Clock) -> Iterator[Bench]:
    shop = Shop()
    with Site(shop) as site:
        yield Bench(shop, site, store, clock)


CUT = Reply(cut=True)


def result_of(bench: Bench, seen: Observation) -> Any:
    return bench.store.artifacts.get(seen.artifact)


def test_order_is_made_and_its_answer_returned(bench: Bench) -> None:
    seen = bench.run(bench.runner(), "http_order", TEA)
    assert seen.status == "ok"
    assert result_of(bench, seen)["value"]["id"] == "o1"
    assert bench.shop.world() == {"orders": [TEA], "prices": {"tea": {"cents": 300}}}


@pytest.mark.parametrize("lost", [CUT, Reply(502), Reply(500), Reply(302), Reply(408)])
def test_lost_answer_is_asked_for_again_and_nothing_is_done_twice(
    bench: Bench, lost: Reply
) -> None:
    bench.answer(lost, lost)
    assert bench.run(bench.runner(), "http_order", TEA).status == "ok"
    assert bench.shop.acted == ["order o1"]
    assert len([one for one in bench.site.asked if one.method == "POST"]) == 3


def test_answer_that_stays_lost_is_found_out_by_the_probe(bench: Bench) -> None:
    bench.answer(CUT, CUT, CUT)
    seen = bench.run(bench.runner(), "http_order", TEA)
    assert (seen.status, seen.replayed, bench.state()) == ("ok", True, "applied")
    assert bench.shop.acted == ["order o1"]


def test_turned_away_after_a_lost_answer_is_no_proof_that_nothing_happened(bench: Bench) -> None:
    bench.answer(CUT, Reply(409), Reply(429))
    assert bench.run(bench.runner(), "http_order", TEA).status == "ok"
    assert bench.shop.acted == ["order o1"]


def test_without_key_and_probe_a_lost_answer_is_in_doubt_and_not_sent_again(bench: Bench) -> None:
    bench.answer(CUT)
    blind = order(bench.site, idempotency_header="", probe=None, compensation=None)
    seen = bench.run(bench.runner(endpoints=[blind]), "http_order", TEA)
    assert (seen.status, bench.state()) == ("in_doubt", "in_doubt")
    assert bench.shop.acted == ["order o1"]


def test_refusal_of_the_server_reaches_the_model_with_its_reason(bench: Bench) -> None:
    seen = bench.run(bench.runner(), "http_order", {"item": "air", "count": 1})
    assert seen.status == "refused"
    assert "there is no air" in seen.summary
    assert (bench.shop.acted, bench.state()) == ([], "failed")


@pytest.mark.parametrize("status", [425, 429])
def test_busy_server_is_asked_later(bench: Bench, status: int) -> None:
    busy = Reply(status)
    with Site(lambda _: busy) as site:
        seen = bench.run(bench.runner(endpoints=[order(site)]), "http_order", TEA)
    assert (seen.status, len(site.asked)) == ("transient", 3)


def test_server_that_is_not_there_is_told_apart_from_a_lost_answer(bench: Bench) -> None:
    runner = bench.runner()
    bench.site.close()
    assert bench.run(runner, "http_order", TEA).status == "transient"
    assert bench.state() == "failed"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_process_that_dies_around_the_request_makes_one_order(bench: Bench, moment: str) -> None:
    runner = bench.runner()
    tool = runner.tools["http_order"]
    snapshot = tool.snapshot(TEA)
    bench.store.journal.intend(
        key="r/s/1",
        run="r",
        step="s",
        action=Action(tool="http_order", args=TEA),
        snapshot=snapshot,
    )
    if moment == "after":
        tool.apply(TEA, "r/s/1")
    seen = bench.run(bench.runner(), "http_order", TEA)
    assert (seen.status, seen.replayed) == ("ok", moment == "after")
    assert bench.shop.acted == ["order o1"]


def test_order_is_undone_by_its_compensation_with_a_key_of_its_own(bench: Bench) -> None:
    runner = bench.runner()
    before = bench.shop.world()
    bench.run(runner, "http_order", TEA)
    report = bench.undo(runner)
    assert [item.outcome for item in report.items] == ["undone"]
    assert bench.shop.world() == before
    sent = [one for one in bench.site.asked if one.method in {"POST", "DELETE"}]
    keys = {one.headers["idempotency-key"] for one in sent}
    assert len(keys) == 2


def test_order_that_was_only_found_out_is_undone_too(bench: Bench) -> None:
    bench.answer(CUT, CUT, CUT)
    runner = bench.runner()
    bench.run(runner, "http_order", TEA)
    assert [item.outcome for item in bench.undo(bench.runner()).items] == ["undone"]
    assert bench.shop.acted == ["order o1", "cancel o1"]


def test_order_that_a_crash_left_intended_is_undone_too(bench: Bench) -> None:
    runner = bench.runner()
    tool = runner.tools["http_order"]
    bench.store.journal.intend(
        key="r/s/1", run="r", step="s", action=Action(tool="http_order", args=TEA), snapshot={}
    )
    tool.apply(TEA, "r/s/1")
    assert [item.outcome for item in bench.undo(bench.runner()).items] == ["undone"]
    assert bench.shop.orders == {}


def test_undo_whose_answer_is_lost_is_sent_again(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_order", TEA)
    bench.answer(CUT, CUT)
    assert [item.outcome for item in bench.undo(runner).items] == ["undone"]
    assert bench.shop.acted == ["order o1", "cancel o1"]


def test_undo_that_stays_lost_is_completed_by_the_next(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_order", TEA)
    bench.answer(*[CUT] * 9)
    assert bench.state() == "applied"
    with pytest.raises(Transient):
        _hidden(bench, runner)
    bench.shop.fault = lambda _: None
    assert [item.outcome for item in bench.undo(runner).items] == ["gone already"]
    assert bench.shop.acted == ["order o1", "cancel o1"]


def _hidden(bench: Bench, runner: Runner) -> None:
    """Undo while the shop's answers are lost, those to questions too."""
    calls: list[str] = []

    def fault(asked: Asked) -> Reply | None:
        calls.append(asked.method)
        return CUT if "DELETE" in calls else None

    bench.shop.fault = fault
    bench.undo(runner)


def test_order_that_somebody_cancelled_is_gone_already(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_order", TEA)
    bench.shop.orders.clear()
    assert [item.outcome for item in bench.undo(runner).items] == ["gone already"]
    assert bench.shop.acted == ["order o1"]


def test_price_is_put_back_as_it_was(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_price", {"item": "tea", "cents": 5})
    assert bench.shop.prices == {"tea": {"cents": 5}}
    assert [item.outcome for item in bench.undo(runner).items] == ["undone"]
    assert bench.shop.prices == {"tea": {"cents": 300}}


def test_price_that_somebody_changed_since_is_a_conflict_with_both_versions(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_price", {"item": "tea", "cents": 5})
    bench.shop.prices["tea"] = {"cents": 7}
    (item,) = bench.undo(runner).items
    assert (item.outcome, item.left, item.now) == ("conflict", {"cents": 5}, {"cents": 7})
    assert bench.shop.prices["tea"] == {"cents": 7}


def test_server_that_does_not_undo_is_a_conflict(bench: Bench) -> None:
    runner = bench.runner()
    bench.run(runner, "http_price", {"item": "tea", "cents": 5})
    bench.answer(Reply(409))
    assert [item.outcome for item in bench.undo(runner).items] == ["conflict"]


def test_approval_is_bound_to_state_and_declaration(bench: Bench) -> None:
    tool = bench.runner().tools["http_price"]
    args: JsonObject = {"item": "tea", "cents": 5}
    seen = tool.target(args)
    bench.shop.prices["tea"] = {"cents": 7}
    assert tool.target(args) != seen
    bench.shop.prices["tea"] = {"cents": 300}
    assert tool.target(args) == seen
    other = price(bench.site, description="Something else.")
    assert bench.runner(endpoints=[other]).tools["http_price"].target(args) != seen


def test_preview_shows_request_state_and_way_back_and_changes_nothing(bench: Bench) -> None:
    preview = bench.runner().tools["http_price"].preview({"item": "tea", "cents": 5})
    assert preview.statement.startswith(f"PUT http://127.0.0.1:{bench.site.port}/prices/tea\n")
    assert '"cents": 5' in preview.statement
    assert "300" in preview.before
    assert preview.undo.startswith("Taken back by PUT")
    assert bench.shop.acted == []


def test_token_and_secret_fields_are_nowhere(bench: Bench, store: Store) -> None:
    token = "s3cr3t-t0ken"  # noqa: S105  # what must not be seen
    origin = f"http://127.0.0.1:{bench.site.port}"
    runner = bench.runner(
        endpoints=[order(bench.site, secret_fields=["key"])],
        credentials=[{"origin": origin, "token_env": "API_TOKEN"}],
        environment={"API_TOKEN": token},
    )
    seen = bench.run(runner, "http_order", TEA)
    assert bench.site.asked[-1].headers["authorization"] == f"Bearer {token}"
    told = json.dumps(
        [
            seen.to_json(),
            result_of(bench, seen),
            runner.tools["http_order"].preview(TEA).to_json(),
            [entry.to_json() for entry in store.ledger.entries()],
        ]
    )
    assert token not in told
    assert result_of(bench, seen)["value"]["key"] == "(withheld)"


@pytest.mark.parametrize("item", ["../../admin", "a/b", "a?b=c", "a#b", "é", "%2e%2e%2f", "a b"])
def test_value_stays_one_segment_of_the_path(bench: Bench, item: str) -> None:
    free = price(bench.site, parameters={"item": {}, "cents": {"type": "integer"}})
    tool = bench.runner(endpoints=[free]).tools["http_price"]
    try:
        tool.apply(tool.check({"item": item, "cents": 1}), "r/s/1")
    except Refused:
        assert ".." in item or "%2e" in item
        return
    path = bench.site.asked[-1].path
    assert path.startswith("/prices/")
    assert path.count("/") == 2


@pytest.mark.parametrize("item", ["..", ".", "", "%2e%2e"])
def test_value_that_would_leave_the_path_is_refused(bench: Bench, item: str) -> None:
    free = price(bench.site, parameters={"item": {}, "cents": {"type": "integer"}})
    tool = bench.runner(endpoints=[free]).tools["http_price"]
    args: JsonObject = {"item": item, "cents": 1}
    for attempt in (tool.preview, tool.snapshot, lambda args: tool.apply(args, "k")):
        with pytest.raises(Refused):
            attempt(tool.check(args))
    assert bench.site.asked == []


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"item": "tea"},
        {**TEA, "count": 0},
        {**TEA, "count": True},
        {**TEA, "count": "2"},
        {**TEA, "extra": 1},
        {"item": "x" * 2000, "count": 1},
    ],
)
def test_arguments_are_those_that_are_declared(bench: Bench, args: JsonObject) -> None:
    with pytest.raises(Refused):
        bench.runner().tools["http_order"].check(args)


def test_reading_endpoint_reads(bench: Bench) -> None:
    place = f"http://127.0.0.1:{bench.site.port}"
    look = {
        "name": "orders",
        "description": "Find orders.",
        "method": "GET",
        "url": f"{place}/orders?key={{key}}",
        "parameters": {"key": {"role": "content"}},
    }
    runner = bench.runner(endpoints=[look])
    assert runner.tools["http_orders"].effect == "read"
    seen = bench.run(runner, "http_orders", {"key": "a&b=c"})
    assert result_of(bench, seen)["value"] == {"orders": []}
    assert bench.site.asked[-1].target == "/orders?key=a%26b%3Dc"


def test_free_body_is_sent_as_it_is(bench: Bench) -> None:
    free = order(bench.site, parameters={}, free_body=True)
    tool = bench.runner(endpoints=[free]).tools["http_order"]
    assert tool.authority == {"body"}
    bench.run(bench.runner(endpoints=[free]), "http_order", {"body": {**TEA, "gift": {"a": [1]}}})
    assert bench.shop.orders["o1"]["gift"] == {"a": [1]}


def test_declared_tools_hold_together(bench: Bench) -> None:
    tools = bench.runner().tools
    assert [lint(tool) for tool in tools.values()] == [[], []]
    assert tools["http_order"].effect == "reversible"
    assert tools["http_order"].resources(TEA) == {f"host:127.0.0.1:{bench.site.port}"}
    assert tools["http_price"].known_values({}) == {"tea", "milk"}
    card = tools["http_order"].card()
    assert card.parameters["properties"].keys() == {"item", "count"}  # type: ignore[union-attr]  # JSON
    assert tools["http_order"].bounds()[1].startswith("Taken back by DELETE")


def test_answer_without_json_and_huge_answers_are_bounded(bench: Bench) -> None:
    with Site(lambda _: Reply(200, b"[" * 500_000, {"Content-Type": "application/json"})) as site:
        seen = bench.run(bench.runner(endpoints=[order(site)]), "http_order", TEA)
    result: dict[str, JsonValue] = result_of(bench, seen)
    assert result["truncated"] is True
    assert 0 < len(str(result["value"])) <= 100_000


def test_server_that_may_still_be_at_it_leaves_a_doubt(bench: Bench) -> None:
    def silent_for_long(connection: socket.socket) -> None:
        connection.recv(1)

    with RawServer(silent_for_long) as silent:
        declared = order(bench.site, url=f"http://127.0.0.1:{silent.port}/orders")
        runner = bench.runner(endpoints=[declared], seconds=0.1)
        seen = bench.run(runner, "http_order", TEA)
    assert (seen.status, bench.state()) == ("in_doubt", "in_doubt")
