"""Finds out what works here: this machine, the store, the sandbox, each configured model."""

import os
import platform
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

from checkpoints.databases import without_password
from checkpoints.store import Store, open_store
from graphs.assembly import now
from graphs.cli.sandboxes import SandboxHealth, try_sandboxes
from graphs.models import ModelSettings
from graphs.settings import Settings, read_key
from nodes.models.ask import Asker, NoAnswer
from nodes.models.openai import OpenAIChats
from nodes.models.prices import Prices, UnknownPrice
from nodes.models.prompts import Prompt
from nodes.models.roles import Candidate, Role, Roles
from nodes.models.schemas import answer_schema
from tools.contract import Record
from tools.errors import SurefootError
from tools.records import SpendLimits

SECONDS = 10.0
"""For each question."""
LONGEST_ANSWER = 1024
LIMITS = SpendLimits(max_usd=1.0, max_tokens=1_000_000)

PriceSource = Literal["stated", "listed", "for unknown models", "unknown"]


class ModelHealth(Record):
    """One model in one role."""

    role: str
    model: str
    key_env: str
    """Name of the variable with its key; empty when it needs none."""
    key_set: bool
    price: PriceSource
    usd_in: float | None = None
    """US dollars per million tokens."""
    usd_out: float | None = None
    answers: bool | None = None
    """None when it was not asked."""
    form: str = ""
    """What held its answer to a form: `json_schema`, `json_mode` or `text`."""
    seconds: float | None = None
    problem: str = ""


class Diagnosis(Record):
    """What works here."""

    versions: dict[str, str]
    store: str
    store_problem: str = ""
    models: tuple[ModelHealth, ...] = ()
    sandboxes: tuple[SandboxHealth, ...] = ()
    """Those that were tried, up to the one in use."""
    needs_sandbox: bool = False
    """Whether programs are to be run here."""

    @property
    def sandbox(self) -> SandboxHealth | None:
        """The one in use; None when none holds."""
        return next((item for item in self.sandboxes if item.in_use), None)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        held = self.sandbox is not None or not self.needs_sandbox
        return held and not self.store_problem and not any(item.problem for item in self.models)


class Fine(Record):
    """The answer to the tiny question."""

    ok: bool


def diagnose(settings: Settings, *, offline: bool) -> Diagnosis:
    """Look at this machine, the store, the sandbox and the models.

    Args:
        settings: Where the store is, and which models are configured.
        offline: Whether no model is to be asked.
    """
    with ExitStack() as opened:
        # Questions of a doctor belong on no record: they go to a store that is thrown away.
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="surefoot-"))
        scratch = opened.enter_context(open_store(f"sqlite:///{Path(folder) / 'scratch.db'}"))
        chats = OpenAIChats(os.environ)
        opened.callback(chats.close)
        models = [
            _health(role, candidate, settings.models, None if offline else (chats, scratch))
            for role in get_args(Role)
            for candidate in getattr(settings.models.roles, role)
        ]
    commands = settings.tools.commands
    return Diagnosis(
        versions=_versions(),
        store=without_password(settings.store),
        store_problem=_store_problem(settings.store),
        models=tuple(models),
        sandboxes=try_sandboxes(commands.sandbox if commands else None),
        needs_sandbox=commands is not None,
    )


def _versions() -> dict[str, str]:
    return {
        "Surefoot": version("surefoot"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "LangGraph": version("langgraph"),
    }


def _store_problem(url: str) -> str:
    """Say why a store cannot be used; one that is not there yet is not made."""
    prefix, _, path = url.partition(":///")
    if prefix == "sqlite" and path and not Path(path).exists():
        folder = Path(path).resolve().parent
        usable = folder.is_dir() and os.access(folder, os.W_OK)
        return "" if usable else f"it cannot be made in {str(folder)!r}"
    try:
        with open_store(url, key=read_key()) as store:
            store.runs.all(limit=1)
    except SurefootError as fault:
        return fault.what
    return ""


def _health(
    role: Role,
    candidate: Candidate,
    models: ModelSettings,
    asking: tuple[OpenAIChats, Store] | None,
) -> ModelHealth:
    source, usd_in, usd_out = _price(candidate, Prices(unknown=models.unknown_price))
    key = candidate.key_env or ("" if candidate.base_url else "OPENAI_API_KEY")
    missing = bool(key) and not os.environ.get(key)
    found = ModelHealth(
        role=role,
        model=candidate.identity,
        key_env=key,
        key_set=not missing and bool(key),
        price=source,
        usd_in=usd_in,
        usd_out=usd_out,
        problem=_unready(key if missing else "", source),
    )
    if asking is None or found.problem:
        return found
    return found.model_copy(update=_ask(role, candidate, models, *asking))


def _unready(missing: str, source: PriceSource) -> str:
    """Say why a model would not be called."""
    if missing:
        return f"the environment variable {missing} is not set"
    if source == "unknown":
        return "its price is unknown; state input_usd_per_million and output_usd_per_million"
    return ""


def _price(candidate: Candidate, prices: Prices) -> tuple[PriceSource, float | None, float | None]:
    """Return who states the price, and dollars per million tokens read and written."""
    try:
        read = prices.usd(candidate, input_tokens=1000, output_tokens=0) * 1000
        written = prices.usd(candidate, input_tokens=0, output_tokens=1000) * 1000
    except UnknownPrice:
        return "unknown", None, None
    if candidate.input_usd_per_million is not None:
        return "stated", read, written
    try:
        Prices().usd(candidate, input_tokens=1, output_tokens=1)
    except UnknownPrice:
        return "for unknown models", read, written
    return "listed", read, written


def _ask(
    role: Role, candidate: Candidate, models: ModelSettings, chats: OpenAIChats, scratch: Store
) -> Mapping[str, object]:
    """Ask one tiny question; return what it says about the model."""
    hurried = candidate.model_copy(
        update={
            "timeout_seconds": min(SECONDS, candidate.timeout_seconds),
            "max_output_tokens": min(LONGEST_ANSWER, candidate.max_output_tokens),
        }
    )
    run = f"{role}/{candidate.identity}"
    asker = Asker(
        Roles.model_validate({role: [hurried]}),
        chats,
        scratch,
        now,
        prices=Prices(unknown=models.unknown_price),
        cache_seconds=0,
        retries=0,
    )
    try:
        asker.ask(run, role, _question(), Fine, limits=LIMITS)
    except NoAnswer as fault:
        return {"answers": False, "problem": "; ".join(fault.reasons)}
    told = [item.body for item in scratch.ledger.entries(run) if item.kind == "model_call"][-1]
    return {"answers": True, "form": told["form"], "seconds": told["seconds"]}


def _question() -> Prompt:
    return Prompt(
        name="doctor",
        version="1",
        system='Answer with this JSON object and nothing else: {"ok": true}',
        user="Do you answer?",
        schema=answer_schema(Fine),
        strict=True,
    )
