"""Fifteen ways out of a sandbox, tried on each that this machine has, and on none at all."""

import os

import pytest

from tests.tools.sandbox import naive
from tests.tools.sandbox.conftest import tier_of
from tools.errors import Fatal
from tools.sandbox import kernel
from tools.sandbox.choice import Trial, chosen, tried
from tools.sandbox.escape import names, try_to_escape
from tools.sandbox.fallback import Fallback

FIFTEEN = 15


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def trial(request: pytest.FixtureRequest) -> Trial:
    return tried(tier_of(request.param))


@pytest.fixture(scope="module")
def got_naively() -> dict[str, str]:
    return try_to_escape(naive.run)


def test_there_are_fifteen() -> None:
    assert len(names()) == FIFTEEN


@pytest.mark.parametrize("probe", names())
def test_it_is_held(trial: Trial, probe: str) -> None:
    assert trial.fault == ""
    assert trial.got[probe] == ""


@pytest.mark.parametrize("probe", names())
def test_it_gets_out_of_a_naive_one(got_naively: dict[str, str], probe: str) -> None:
    if probe == "make_namespace" and not got_naively[probe]:
        pytest.skip("this machine lets nobody make user namespaces")
    assert got_naively[probe] != ""


@pytest.mark.skipif(os.geteuid() != 0, reason="a plain user needs the newer Landlock")
@pytest.mark.parametrize("abi", [4, 5])
def test_an_older_landlock_holds_for_root(abi: int) -> None:
    if kernel.landlock_abi() < abi:
        pytest.skip(f"the kernel has no Landlock {abi}")
    assert tried(Fallback(abi)).why_not == ""


def test_one_that_holds_is_chosen() -> None:
    assert tried(chosen()).holds


def test_nothing_is_run_where_none_is_wanted_that_exists() -> None:
    with pytest.raises(Fatal, match="Nothing is run without a sandbox"):
        chosen("chroot")
