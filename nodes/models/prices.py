"""What a call costs at most, and what it did cost; an unknown price is never zero."""

from dataclasses import dataclass

from nodes.models.roles import Candidate
from tools.contract import Record
from tools.errors import BadInput

_MILLION = 1_000_000


class Rate(Record):
    """US dollars per million tokens."""

    input_usd_per_million: float
    output_usd_per_million: float


class UnknownPrice(BadInput):
    """Nobody has stated what a model costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of models: the candidate's own, then the list of genai-prices, then the policy.

    Args:
        unknown: What a model counts that neither states; None refuses it.
    """

    unknown: Rate | None = None

    def usd(self, candidate: Candidate, *, input_tokens: int, output_tokens: int) -> float:
        """Return the price of a call in US dollars.

        Raises:
            UnknownPrice: No price is known and the policy states none.
        """
        stated = _stated(candidate)
        if stated is not None:
            return _cost(stated, input_tokens, output_tokens)
        listed = _listed(candidate, input_tokens, output_tokens)
        if listed is not None:
            return listed
        if self.unknown is None:
            raise UnknownPrice(
                f"The price of {candidate.identity!r} is unknown.",
                advice="State input_usd_per_million and output_usd_per_million (0 if it is free).",
            )
        return _cost(self.unknown, input_tokens, output_tokens)


def _stated(candidate: Candidate) -> Rate | None:
    if candidate.input_usd_per_million is None or candidate.output_usd_per_million is None:
        return None
    return Rate(
        input_usd_per_million=candidate.input_usd_per_million,
        output_usd_per_million=candidate.output_usd_per_million,
    )


def _cost(rate: Rate, input_tokens: int, output_tokens: int) -> float:
    read = input_tokens * rate.input_usd_per_million
    return (read + output_tokens * rate.output_usd_per_million) / _MILLION


def _listed(candidate: Candidate, input_tokens: int, output_tokens: int) -> float | None:
    """Return the price by the list, or None when the list does not know server or model."""
    from genai_prices import Usage, calc_price  # noqa: PLC0415  # its list takes a second to load

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        if candidate.base_url:
            found = calc_price(usage, candidate.name, provider_api_url=candidate.base_url)
        else:
            found = calc_price(usage, candidate.name, provider_id="openai")
    except LookupError:
        return None
    return float(found.total_price)
