"""Single flight: faults are shared, a cancelled leader is replaced."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from nodes.models.flight import Flights
from tools.errors import BadInput


class Leader:
    """Starts a flight, waits for company, and ends as it is told."""

    def __init__(self, flights: Flights[str], fault: BaseException) -> None:
        self.flights = flights
        self.fault = fault
        self.started = Event()

    def __call__(self) -> str:
        self.started.set()
        while not self.flights.waiting:
            pass
        raise self.fault


def test_fault_of_the_one_who_asks_reaches_all_who_wait() -> None:
    flights: Flights[str] = Flights()
    leader = Leader(flights, BadInput("no key"))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.run, "k", leader)
        leader.started.wait(5)
        second = pool.submit(flights.run, "k", lambda: "mine")
        faults = [first.exception(5), second.exception(5)]
    assert [str(fault) for fault in faults] == [str(leader.fault)] * 2


def test_one_who_waits_for_a_cancelled_call_makes_it_alone() -> None:
    flights: Flights[str] = Flights()
    leader = Leader(flights, KeyboardInterrupt())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.run, "k", leader)
        leader.started.wait(5)
        second = pool.submit(flights.run, "k", lambda: "mine")
        assert second.result(5) == ("mine", False)
        assert isinstance(first.exception(5), KeyboardInterrupt)


def test_flight_that_has_landed_is_not_joined() -> None:
    flights: Flights[int] = Flights()
    numbers = iter((1, 2))
    assert [flights.run("k", lambda: next(numbers)) for _ in "ab"] == [(1, False), (2, False)]


def test_failed_flight_leaves_nothing_behind() -> None:
    flights: Flights[int] = Flights()

    def fail() -> int:
        raise BadInput("no")

    with pytest.raises(BadInput):
        flights.run("k", fail)
    assert flights.run("k", lambda: 1) == (1, False)
