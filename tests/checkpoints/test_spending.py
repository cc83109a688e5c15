"""Books of model calls: bounded, counted once, and never forgotten."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkpoints.store import Store, open_store
from tools.records import Charge, SpendLimits

LIMITS = SpendLimits(max_usd=1.0, max_tokens=1000)


@pytest.fixture
def other(url: str, store: Store) -> Iterator[Store]:
    """Return the same file as another process has it open."""
    with open_store(url) as opened:
        yield opened


def reserve(store: Store, call: str, *, tokens: int = 100, usd: float = 0.1) -> Charge:
    return store.spending.reserve(
        call, run="r", role="decider", model="m", tokens=tokens, usd=usd, limits=LIMITS
    )


def test_reservation_counts_at_its_upper_bound(store: Store) -> None:
    reserve(store, "a", tokens=400, usd=0.5)
    totals = store.spending.totals("r")
    assert (totals.calls, totals.open, totals.tokens, totals.usd) == (1, 1, 400, 0.5)


def test_reservation_of_a_process_that_died_still_counts(store: Store, other: Store) -> None:
    reserve(store, "a", tokens=400, usd=0.5)
    assert other.spending.totals("r").usd == 0.5


def test_settled_call_counts_what_was_billed(store: Store) -> None:
    reserve(store, "a")
    store.spending.settle("a", tokens=7, usd=0.002)
    totals = store.spending.totals("r")
    assert (totals.calls, totals.open, totals.tokens, totals.usd) == (1, 0, 7, 0.002)


def test_usage_beyond_the_bound_counts_in_full(store: Store) -> None:
    reserve(store, "a", tokens=1000, usd=1.0)
    store.spending.settle("a", tokens=5000, usd=3.0)
    assert store.spending.totals("r").usd == 3.0


def test_released_call_costs_nothing(store: Store) -> None:
    reserve(store, "a")
    store.spending.release("a")
    assert store.spending.totals("r").calls == 0


def test_call_reserved_twice_counts_once(store: Store) -> None:
    first = reserve(store, "a")
    assert reserve(store, "a", tokens=900) == first
    assert store.spending.totals("r").tokens == 100


def test_call_settled_twice_keeps_its_first_end(store: Store) -> None:
    reserve(store, "a")
    store.spending.settle("a", tokens=7, usd=0.002)
    store.spending.settle("a", tokens=99, usd=0.9)
    store.spending.release("a")
    assert store.spending.totals("r").tokens == 7


@pytest.mark.parametrize(("tokens", "usd", "named"), [(1001, 0.0, "tokens"), (1, 1.01, "usd")])
def test_call_beyond_a_limit_is_refused_with_its_name(
    store: Store, tokens: int, usd: float, named: str
) -> None:
    refused = reserve(store, "a", tokens=tokens, usd=usd)
    assert (refused.state, refused.reason.split(":")[0]) == ("refused", named)


def test_refused_call_is_not_kept(store: Store) -> None:
    reserve(store, "a", tokens=1001)
    assert store.spending.of_run("r") == []


def test_call_that_just_fits_is_reserved(store: Store) -> None:
    assert reserve(store, "a", tokens=1000, usd=1.0).state == "reserved"


def test_runs_have_books_of_their_own(store: Store) -> None:
    reserve(store, "a")
    assert store.spending.totals("other").calls == 0


def test_unknown_call_cannot_be_settled(store: Store) -> None:
    with pytest.raises(KeyError):
        store.spending.settle("ghost", tokens=1, usd=0.0)


def test_parallel_branches_together_stay_within_the_limit(store: Store, other: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: reserve((store, other)[n % 2], f"c{n}", usd=0.0), range(24)))
    assert [charge.state for charge in made].count("reserved") == 10
    assert store.spending.totals("r").tokens == 1000


def test_charges_come_oldest_first(store: Store) -> None:
    reserve(store, "a")
    reserve(store, "b")
    assert [charge.call for charge in store.spending.of_run("r")] == ["a", "b"]


def test_the_next_call_is_paid_for_before_it_is_entered(store: Store, other: Store) -> None:
    store.leases.acquire("r")
    reserve(store, "a")
    store.spending.settle("a", tokens=10, usd=0.01)
    store.flush()
    before = other.spending.totals("r")
    reserve(store, "b", tokens=120)
    assert before.tokens == 10 + 150
    assert before.usd == pytest.approx(0.01 + 0.15)
    assert other.spending.totals("r").tokens >= 10 + 120
    assert store.spending.totals("r").tokens == 10 + 120


def test_a_larger_call_than_the_one_that_was_paid_for_is_committed_itself(
    store: Store, other: Store
) -> None:
    store.leases.acquire("r")
    reserve(store, "a")
    reserve(store, "b", tokens=400)
    assert other.spending.totals("r").tokens >= 100 + 400


def test_what_is_paid_ahead_is_given_back_with_the_lease(store: Store, other: Store) -> None:
    store.leases.acquire("r")
    reserve(store, "a")
    store.leases.release("r")
    assert [charge.call for charge in other.spending.of_run("r")] == ["a"]
    assert other.spending.totals("r").tokens == 100


def test_nothing_is_paid_ahead_that_the_limits_have_no_room_for(store: Store, other: Store) -> None:
    store.leases.acquire("r")
    reserve(store, "a", tokens=500)
    assert other.spending.totals("r").tokens == 500
    assert reserve(store, "b", tokens=500).state == "reserved"
