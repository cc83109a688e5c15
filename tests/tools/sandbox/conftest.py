from collections.abc import Iterator

import pytest

from tools.sandbox import bubblewrap, fallback
from tools.sandbox.job import Tier
from tools.sandbox.room import Room, private_room


def tier_of(name: str) -> Tier:
    """Return a tier of this machine; the test is skipped, with the reason, where there is none."""
    if name == "bubblewrap":
        wrapped = bubblewrap.found()
        if not wrapped:
            pytest.skip("no bubblewrap is installed")
        return wrapped[0]
    held = fallback.found()
    if not held:
        pytest.skip("the kernel has no Landlock that is new enough")
    return held[0]


@pytest.fixture(params=["bubblewrap", "landlock"])
def tier(request: pytest.FixtureRequest) -> Tier:
    return tier_of(request.param)


@pytest.fixture
def room() -> Iterator[Room]:
    with private_room() as made:
        yield made
