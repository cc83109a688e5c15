"""Secrets are replaced wherever they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.redaction import REDACTED, Redactor
from graphs.settings import Settings
from graphs.tracing import Tracing
from tests.graphs.tracing.conftest import OWN, SECRET
from tools.errors import BadInput

NESTED = st.recursive(
    st.just(SECRET) | st.integers() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(NESTED)
def test_secret_is_replaced_at_any_depth(data: object) -> None:
    assert SECRET not in repr(Redactor()(data))


def test_secret_is_replaced_below_the_depth_at_which_others_stop() -> None:
    deep: object = SECRET
    for _ in range(50):
        deep = {"next": [deep]}
    assert SECRET not in repr(Redactor()(deep))


def test_secret_is_replaced_in_names_of_fields() -> None:
    assert Redactor()({SECRET: (1, SECRET)}) == {REDACTED: [1, REDACTED]}


def test_password_of_a_url_is_replaced() -> None:
    assert Redactor().text("postgresql://ada:pw@db/shop") == f"postgresql://ada:{REDACTED}@db/shop"


def test_own_pattern_is_replaced() -> None:
    assert Redactor((r"customer-\d+",)).text(f"of {OWN}!") == f"of {REDACTED}!"


def test_wrong_pattern_is_refused_before_anything_runs() -> None:
    with pytest.raises(BadInput, match="trace_redact"):
        Tracing.configured(content=False, patterns=("(",))


def test_environment_gives_one_pattern() -> None:
    assert Settings.model_validate({"trace_redact": "a|b"}).trace_redact == ("a|b",)
