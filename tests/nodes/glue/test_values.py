"""What crosses between a program and tools is plain JSON, or is refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.glue.values import VALUE_CHARACTERS, arguments_of, shown

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
ANYTHING = st.recursive(
    SCALARS | st.sets(st.integers()) | st.dates(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner) | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=20,
)


@settings(derandomize=True, max_examples=60)
@given(st.lists(ANYTHING, max_size=3), st.dictionaries(st.sampled_from("abcd"), ANYTHING))
def test_arguments_are_plain_json_or_a_type_error(given: list[Any], named: dict[str, Any]) -> None:
    try:
        found = arguments_of("put", ["a", "b"], given, named)
    except TypeError:
        return
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@settings(derandomize=True, max_examples=40)
@given(ANYTHING)
def test_any_value_is_shown_in_brief(value: Any) -> None:
    assert len(shown(value)) <= VALUE_CHARACTERS


def test_arguments_without_names_are_named_in_order() -> None:
    assert arguments_of("put", ["name", "text"], ["a"], {"text": "b"}) == {"name": "a", "text": "b"}


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(TypeError, match="nested too deep"):
        arguments_of("put", ["a"], [deep], {})
