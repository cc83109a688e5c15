"""What a failed call means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from nodes.models.faults import diagnose
from tests.nodes.models.asking import NOON


@dataclass
class ServerFault(Exception):
    """Looks like the client's own."""

    status_code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""

    @property
    def response(self) -> SimpleNamespace:
        return SimpleNamespace(headers=self.headers)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "70", "retry-after": "7"}, 0.07),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_wait_is_read_from_what_the_server_asks_for(
    headers: dict[str, str], wait: float | None
) -> None:
    assert diagnose(ServerFault(429, headers), NOON).wait == wait


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_status_that_may_pass_is_worth_another_try(status: int) -> None:
    assert diagnose(ServerFault(status), NOON).again


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_status_that_lasts_is_not(status: int) -> None:
    assert not diagnose(ServerFault(status), NOON).again


def test_used_up_quota_does_not_pass() -> None:
    fault = diagnose(ServerFault(429, code="insufficient_quota"), NOON)
    assert (fault.again, fault.reason) == (False, "the server answered 429 (quota used up)")


def test_answered_error_is_not_billed() -> None:
    assert not diagnose(ServerFault(500), NOON).maybe_billed


def test_lost_connection_may_be_billed() -> None:
    assert diagnose(OSError("reset"), NOON).maybe_billed


def test_connection_that_was_never_made_is_not_billed() -> None:
    assert not diagnose(ConnectionRefusedError(), NOON).maybe_billed


def test_reason_does_not_repeat_what_the_fault_says() -> None:
    assert "sk-secret" not in diagnose(ValueError("key sk-secret is wrong"), NOON).reason
