"""Who thinks in a run: the options that name a model, and the line that tells whom they gave."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from graphs.cli.printing import Printer
from graphs.models import THINKING, ModelSettings
from graphs.settings import Settings
from nodes.models.prices import Prices, UnknownPrice
from nodes.models.roles import Candidate, Role, Roles
from tools.contract import Record
from tools.errors import BadInput

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Model that plans and decides, e.g. openai:gpt-5.4-mini. [SUREFOOT_MODEL]",
        show_default=False,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Its OpenAI-compatible server. [SUREFOOT_BASE_URL]",
        show_default=False,
    ),
]
PriceOption = Annotated[
    str | None,
    typer.Option(
        "--price",
        metavar="IN,OUT",
        help="US dollars per million tokens, where no list knows it; 0,0 when it is free.",
        show_default=False,
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Keep the models' answers for `replay`."),
]


class Thinking(Record):
    """The options of one run that say who thinks."""

    model: str | None = None
    base_url: str | None = None
    price: str | None = None
    record: Path | None = None

    def over(self, settings: Settings) -> Settings:
        """Return the settings with what the options say instead.

        Raises:
            BadInput: They name no model that can be reached, or no price.
        """
        models = settings.models
        if self.model is not None:
            chain = [self._candidate(self.model, models)]
            taken = dict.fromkeys(THINKING, chain)
            models = _with_roles(models, models.roles, taken)
        elif self.base_url is not None or self.price is not None:
            raise BadInput(
                "--base-url and --price describe the model of --model, which is missing.",
                advice="Name the model, or write all of it in surefoot.toml.",
            )
        if self.record is not None:
            _check_record(self.record, models)
            models = models.model_copy(update={"record": str(self.record.resolve())})
        return settings.model_copy(update={"models": models})

    def _candidate(self, model: str, models: ModelSettings) -> Candidate:
        read, written = (None, None) if self.price is None else _price(self.price)
        try:
            return Candidate(
                model=model,
                base_url=models.base_url if self.base_url is None else self.base_url,
                key_env=models.key_env,
                input_usd_per_million=read,
                output_usd_per_million=written,
            )
        except ValidationError as fault:
            told = fault.errors(include_url=False)[0]["msg"]
            raise BadInput(f"The model {model[:80]!r} does not fit: {told}.") from fault


def _with_roles(
    models: ModelSettings, roles: Roles, taken: dict[str, list[Candidate]]
) -> ModelSettings:
    whole = {name: getattr(roles, name) for name in Roles.model_fields} | taken
    return models.model_copy(update={"roles": Roles.model_validate(whole)})


def _price(text: str) -> tuple[float, float]:
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise BadInput(
            f"{text[:80]!r} is no price.",
            advice="Write two numbers, for reading and for writing, e.g. --price 0.25,2.",
        ) from fault
    return read, written


def _check_record(path: Path, models: ModelSettings) -> None:
    if not models.roles.any_model:
        raise BadInput(
            "There is nothing to record: no model is configured.",
            advice="Add --model NAME, or configure one.",
        )
    if path.exists():
        raise BadInput(
            f"{str(path)!r} is there already.", advice="Move it away, or record to another file."
        )
    if not path.resolve().parent.is_dir():
        raise BadInput(f"The folder of {str(path)!r} does not exist.")


def tell_minds(printer: Printer, models: ModelSettings, playbook: str) -> None:
    """Say who plans and decides, and what became of a model that cannot be called."""
    for text in minds(models, playbook):
        printer.say(text, "dim")


def minds(models: ModelSettings, playbook: str) -> list[str]:
    """Return who plans, decides and judges, in lines.

    Args:
        models: Those that are configured.
        playbook: What stands behind them; empty for nothing.
    """
    if not models.roles.any_model:
        return [f"planned and decided by {playbook}: no model is configured"]
    lines = [f"{did} by {_chain(models.roles.chain(role), playbook)}" for role, did in _DID]
    if models.roles.verifier:
        lines.append(f"judged by {_chain(models.roles.verifier, '')}")
    lines += [f"recorded to {models.record}"] if models.record else []
    lines += [f"replayed from {models.replay}; no model is called"] if models.replay else []
    return lines + [f"{name} has no known price and is not called" for name in _unpriced(models)]


_DID: tuple[tuple[Role, str], ...] = (("planner", "planned"), ("decider", "decided"))


def _chain(chain: tuple[Candidate, ...], last: str) -> str:
    names = [one.identity for one in chain] + ([last] if last else [])
    return ", then ".join(names)


def _unpriced(models: ModelSettings) -> list[str]:
    """Name the models whose price nobody states."""
    chain = [*models.roles.planner, *models.roles.decider, *models.roles.verifier]
    prices = Prices(unknown=models.unknown_price)
    return list(dict.fromkeys(one.identity for one in chain if not is_priced(prices, one)))


def is_priced(prices: Prices, candidate: Candidate) -> bool:
    """Tell whether anybody states what a model costs."""
    try:
        prices.usd(candidate, input_tokens=1, output_tokens=1)
    except UnknownPrice:
        return False
    return True
