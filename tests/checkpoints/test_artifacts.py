"""Artifacts: one per content, proved when read."""

import sqlite3
import zlib
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from checkpoints.store import Store
from tools.contract import digest
from tools.errors import StoreFault

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def overwrite(store: Store, data: bytes) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("UPDATE artifacts SET data = ?", (data,))
        connection.commit()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    # Artifacts are named by their content, so sharing the store is sound.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=JSON)
def test_value_comes_back_as_it_was(store: Store, value: JsonValue) -> None:
    assert store.artifacts.get(store.artifacts.put(value)) == value


def test_reference_is_the_hash_of_the_content(store: Store) -> None:
    assert store.artifacts.put({"b": 1, "a": 2}) == f"sha256:{digest({'a': 2, 'b': 1})}"


def test_same_value_is_kept_once(store: Store) -> None:
    for _ in range(2):
        store.artifacts.put(["same"])
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM artifacts").fetchone() == (1,)


def test_unknown_reference_is_a_key_error(store: Store) -> None:
    with pytest.raises(KeyError):
        store.artifacts.get("sha256:none")


@pytest.mark.parametrize("data", [b"damaged", zlib.compress(b'"other"'), zlib.compress(b"{")])
def test_changed_content_is_found(store: Store, data: bytes) -> None:
    ref = store.artifacts.put("true")
    overwrite(store, data)
    with pytest.raises(StoreFault, match="changed or damaged"):
        store.artifacts.get(ref)
