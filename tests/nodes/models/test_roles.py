"""Who plays which part: no secrets, no judge of its own decisions, prices that are stated."""

import pytest
from pydantic import ValidationError

from nodes.models.prices import Prices, Rate, UnknownPrice
from nodes.models.roles import Candidate, Roles
from tests.nodes.models.asking import candidate
from tools.errors import BadInput


def test_roles_are_plain_json() -> None:
    roles = Roles(decider=(candidate(),), planner=(Candidate(model="openai:gpt-5.4-mini"),))
    assert Roles.model_validate(roles.to_json()) == roles


def test_judge_of_its_own_decisions_is_refused() -> None:
    same = candidate()
    with pytest.raises(BadInput, match="judge its own decisions"):
        Roles(decider=(same,), verifier=(same,), prompts={"verifier": "decider"})


def test_other_temperature_does_not_make_another_judge() -> None:
    with pytest.raises(BadInput):
        Roles(
            decider=(candidate(),),
            verifier=(candidate(temperature=1.0),),
            prompts={"verifier": "decider"},
        )


@pytest.mark.parametrize(
    ("decider", "verifier"),
    [
        (Candidate(model="openai:m"), candidate("m", base_url="https://api.openai.com/v1/")),
        (candidate("m", base_url="http://Host/v1"), candidate("m", base_url="http://host/v1/")),
    ],
)
def test_other_spelling_of_a_server_does_not_make_another_judge(
    decider: Candidate, verifier: Candidate
) -> None:
    with pytest.raises(BadInput, match="judge its own decisions"):
        Roles(decider=(decider,), verifier=(verifier,), prompts={"verifier": "decider"})


def test_same_model_may_judge_with_a_prompt_of_its_own() -> None:
    assert Roles(decider=(candidate(),), verifier=(candidate(),)).prompt("verifier") == "verifier"


def test_other_model_may_judge_with_the_same_prompt() -> None:
    prompts = {"verifier": "decider"}
    roles = Roles(
        decider=(candidate("a"),),
        verifier=(candidate("b"),),
        prompts=prompts,
    )
    assert roles.chain("verifier")[0].name == "b"


@pytest.mark.parametrize("model", ["gpt-5.4-mini", "openai:"])
def test_model_that_cannot_be_reached_is_refused(model: str) -> None:
    with pytest.raises(BadInput, match="no model that can be reached"):
        Candidate(model=model)


@pytest.mark.parametrize(
    "url",
    ["http://me:sk-secret@host/v1", "http://host/v1?key=sk-secret", "http://host/#sk-secret"],
)
def test_secret_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        candidate(base_url=url)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["host:8000", "ftp://host", "http://", "http://[", "file:///etc"])
def test_url_of_no_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="not the URL of a server"):
        candidate(base_url=url)


def test_name_of_a_key_is_no_key() -> None:
    with pytest.raises(ValidationError):
        candidate(key_env="sk-secret-0123")


def test_half_a_price_is_refused() -> None:
    with pytest.raises(BadInput, match="half stated"):
        candidate(input_usd_per_million=None)


def test_stated_price_goes_first() -> None:
    assert Prices().usd(candidate(), input_tokens=10**6, output_tokens=10**6) == 3.0


def test_listed_price_is_found() -> None:
    known = Candidate(model="openai:gpt-5.4-mini")
    assert Prices().usd(known, input_tokens=1000, output_tokens=1000) > 0.0


def test_unknown_price_is_never_zero() -> None:
    free = candidate(input_usd_per_million=None, output_usd_per_million=None)
    with pytest.raises(UnknownPrice, match="input_usd_per_million"):
        Prices().usd(free, input_tokens=1, output_tokens=1)


def test_policy_may_state_the_price_of_the_unknown() -> None:
    free = candidate(input_usd_per_million=None, output_usd_per_million=None)
    prices = Prices(unknown=Rate(input_usd_per_million=5.0, output_usd_per_million=10.0))
    assert prices.usd(free, input_tokens=10**6, output_tokens=0) == 5.0


def test_price_that_is_stated_as_zero_is_believed() -> None:
    local = candidate(input_usd_per_million=0.0, output_usd_per_million=0.0)
    assert Prices().usd(local, input_tokens=10**6, output_tokens=10**6) == 0.0
