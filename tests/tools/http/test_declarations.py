"""What settings may declare, and what fills the gaps of a template."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from tests.tools.http.opening import opened
from tests.tools.http.server import Reply, Site
from tests.tools.http.shop import Shop, price
from tools.contract import canonical
from tools.errors import Refused
from tools.http.endpoint import Endpoint
from tools.http.settings import HttpSettings
from tools.http.template import Missing, UrlTemplate, fill_body, look_in

GOOD: dict[str, Any] = {
    "name": "order",
    "description": "Order.",
    "method": "POST",
    "url": "https://api.test/orders/{item}",
    "parameters": {"item": {}},
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "https://{item}.api.test/"}, "gap before"),
        ({"url": "https://api.test:{item}/"}, "host and port"),
        ({"url": "https://api.test{item}/"}, "gap before"),
        ({"url": "{item}://api.test/"}, "http://"),
        ({"url": "https://api.test"}, "needs a path"),
        ({"url": "https://api.test/{other}"}, "'other', which is no parameter"),
        ({"body": {"a": ["{other.x}"]}}, "'other.x', which is no parameter"),
        ({"body": {}, "free_body": True}, "both"),
        ({"parameters": {"item": {}, "body": {}}}, "cannot be the name"),
        ({"parameters": {"item": {}, "a b": {}}}, "cannot be the name"),
        ({"headers": {"Host": "x"}}, "no header that settings"),
        ({"headers": {"Authorization": "x"}}, "no header that settings"),
        ({"headers": {"X-A": "a\r\nb"}}, "nothing that a header"),
        ({"idempotency_header": "Cookie"}, "no header that settings"),
        ({"reads": True, "compensation": {"url": "https://api.test/x"}}, "nothing to compensate"),
        ({"compensation": {"method": "POST", "url": "https://api.test/x"}}, "idempotency_header"),
        ({"compensation": {"url": "https://api.test/{result.id}"}}, "needs a `probe`"),
        (
            {"compensation": {"method": "PUT", "url": "https://api.test/x", "body": "{state}"}},
            "state",
        ),
        ({"method": "GET", "free_body": True}, "no body"),
        ({"secret_fields": ["value"]}, "secret field"),
        ({"name": "Order!"}, "name"),
    ],
)
def test_declaration_that_could_not_hold_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Endpoint.model_validate(GOOD | more)


def test_state_with_secrets_is_not_brought_back() -> None:
    more = {
        "state": "https://api.test/x",
        "secret_fields": ["token"],
        "compensation": {"method": "PUT", "url": "https://api.test/x", "body": "{state}"},
    }
    with pytest.raises(ValueError, match="bring back secrets"):
        Endpoint.model_validate(GOOD | more)


def test_two_endpoints_cannot_share_a_name() -> None:
    for names in (("a", "a"), ("get", "b")):
        declared = [GOOD | {"name": name} for name in names]
        with pytest.raises(ValueError, match="taken"):
            HttpSettings.model_validate({"endpoints": declared})


@pytest.mark.parametrize(
    ("more", "effect"),
    [
        ({}, "irreversible"),
        ({"reads": True}, "read"),
        ({"method": "GET"}, "read"),
        ({"compensation": {"url": "https://api.test/{item}"}}, "reversible"),
    ],
)
def test_effect_class_follows_from_what_is_declared(more: dict[str, Any], effect: str) -> None:
    assert Endpoint.model_validate(GOOD | more).effect == effect


def test_schema_is_the_same_in_the_process_that_reads_the_settings_back() -> None:
    stated = Endpoint.model_validate(GOOD | {"parameters": {"item": {}, "count": {}}})
    kept = Endpoint.model_validate_json(canonical(stated.to_json()))
    schemas = [json.dumps(one.arguments().model_json_schema()) for one in (stated, kept)]
    assert schemas[0] == schemas[1]


def test_what_reaches_others_and_what_ends_something_is_declared() -> None:
    kinds = {
        "item": {},
        "note": {"role": "content"},
        "size": {"role": "content", "outgoing": False},
    }
    stated = {"parameters": kinds, "verbs": ["order"]}
    (tool,) = opened(endpoints=[GOOD | stated]).values()
    assert (sorted(tool.outgoing), sorted(tool.verbs)) == (["note"], ["order"])
    assert not tool.destroys
    (reader,) = opened(endpoints=[GOOD | stated | {"reads": True}]).values()
    assert reader.outgoing == frozenset()
    (ending,) = opened(endpoints=[GOOD | {"method": "DELETE"}]).values()
    assert ending.destroys


def test_parameters_have_types() -> None:
    kinds = {
        "item": {"choices": ["a", "b"]},
        "code": {"pattern": "[A-Z]{2}"},
        "share": {"type": "number", "min": 0, "max": 1},
        "sure": {"type": "boolean"},
    }
    made = Endpoint.model_validate(GOOD | {"parameters": kinds}).arguments()
    good: dict[str, Any] = {"item": "a", "code": "AB", "share": 0.5, "sure": True}
    made.model_validate(good)
    for bad in ({"item": "c"}, {"code": "ABC"}, {"share": 2}, {"share": float("nan")}, {"sure": 3}):
        with pytest.raises(ValueError, match="validation error"):
            made.model_validate(good | bad)


def test_values_keep_their_types_in_a_body() -> None:
    values: dict[str, JsonValue] = {"n": 3, "o": {"x": [1, {"y": None}]}}
    assert fill_body({"a": "{n}", "b": "{o.x.1}", "c": "n={n}", "d": [1]}, values) == {
        "a": 3,
        "b": {"y": None},
        "c": "n=3",
        "d": [1],
    }
    with pytest.raises(Missing):
        look_in(values, "o.x.7")


def test_value_does_not_fill_the_gaps_of_another() -> None:
    assert fill_body("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"
    filled = UrlTemplate("https://api.test/{a}/{b}").fill({"a": "{b}", "b": "x"})
    assert filled.path == "/%7Bb%7D/x"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_no_value_leaves_its_place_in_a_url(one: str, other: str) -> None:
    template = UrlTemplate("https://api.test/v1/{a}/x?q={b}&r=1")
    try:
        place = template.fill({"a": one, "b": other})
    except (Refused, UnicodeEncodeError):
        return
    assert place.origin == "https://api.test"
    assert place.path.startswith("/v1/")
    assert place.path.endswith("/x")
    assert place.path.count("/") == 3
    assert place.query.startswith("q=")
    assert place.query.endswith("&r=1")
    assert place.query.count("&") == 1


def test_state_tells_whether_a_put_or_delete_happened() -> None:
    shop = Shop()
    with Site(shop) as site:
        place = f"http://127.0.0.1:{site.port}/prices/{{item}}"
        remove = price(
            site,
            name="no_price",
            method="DELETE",
            parameters={"item": {}},
            compensation={"method": "PUT", "url": place, "body": "{state}"},
        )
        tools = opened(endpoints=[price(site), remove])
        put, delete = tools["http_price"], tools["http_no_price"]
        args: dict[str, JsonValue] = {"item": "tea", "cents": 5}
        snapshot = put.snapshot(args)
        assert put.probe(args, snapshot, "k") == "no"
        put.apply(args, "k")
        assert put.probe(args, snapshot, "k") == "yes"
        shop.prices["tea"] = {"cents": 9}
        assert put.probe(args, snapshot, "k") == "unknown"
        gone: dict[str, JsonValue] = {"item": "tea"}
        snapshot = delete.snapshot(gone)
        result = delete.apply(gone, "l")
        assert delete.probe(gone, snapshot, "l") == "yes"
        delete.undo(gone, snapshot, result)
        assert shop.prices == {"tea": {"cents": 9}}


def test_state_that_cannot_be_told_keeps_the_effect_from_beginning() -> None:
    with Site(lambda _: Reply(403, b"no")) as site:
        tool = opened(endpoints=[price(site)])["http_price"]
        with pytest.raises(Refused, match="403"):
            tool.snapshot({"item": "tea", "cents": 5})
    assert [asked.method for asked in site.asked] == ["GET"]
