"""Anything in any order, killed anywhere: every guarantee holds after each step.

`SUREFOOT_MACHINE=500 pytest tests/behaviour/machine` runs so many stories by chance instead of the
few that are the same each time.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.behaviour.machine.runs import Runs, Server
from tests.postgres import database

VARIABLE = "SUREFOOT_MACHINE"


class OnServer(Runs):
    """The same on a server, with a new database for each story."""

    postgres: ClassVar[str]
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        self._with_it = ExitStack()
        super().__init__()

    def make_store(self) -> str:
        return self._with_it.enter_context(database(self.postgres))

    def teardown(self) -> None:
        with self._with_it:
            super().teardown()


def stories(examples: int) -> settings:
    chosen = int(os.environ.get(VARIABLE, "0"))
    return settings(
        max_examples=chosen or examples,
        stateful_step_count=14,
        derandomize=not chosen,
        database=None,
        deadline=None,
        print_blob=bool(chosen),
        # Each try at a shorter story costs as much as the story.
        phases=[Phase.generate, Phase.shrink] if chosen else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.mark.timeout(0)
def test_anything_in_any_order_on_a_file(server: Server) -> None:
    Runs.server = server
    run_state_machine_as_test(Runs, settings=stories(18))
    # A rule that only ever was refused would have proved nothing.
    wanted = {"start killed", "say approve action", "fork came", "undo undone", "prune came"}
    assert wanted - set(Runs.seen) == set(), Runs.seen


@pytest.mark.timeout(0)
def test_anything_in_any_order_on_a_server(server: Server, postgres: str) -> None:
    OnServer.server, OnServer.postgres = server, postgres
    run_state_machine_as_test(OnServer, settings=stories(2))
    assert OnServer.seen["whole"]
