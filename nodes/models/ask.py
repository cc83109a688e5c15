"""Schema in, checked object out: the one way in which every role asks a model.

Cache, single flight, reservation, call, settlement, tolerant parser, repair, the next candidate,
and at last a typed `NoAnswer`. What a model says is never trusted here: it is only made to fit.
"""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation
from pydantic import BaseModel

from nodes.models.breaker import MOST_FAILURES, Breaker
from nodes.models.cache import StoreCache, question
from nodes.models.call import Attempt, Caller, Heard, Request
from nodes.models.flight import Flights
from nodes.models.likelihood import likelihood_of
from nodes.models.parsing import parse
from nodes.models.prices import Prices
from nodes.models.prompts import Prompt
from nodes.models.roles import Candidate, Role, Roles, Structured
from tools.contract import Clock, JsonObject, digest
from tools.errors import SurefootError
from tools.progress import announce
from tools.records import WEEK_SECONDS, Memory, SpendLimits

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")

REPAIRS = 2
"""Times that a model is shown why its answer cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[V]):
    """An answer that fits, and what it cost."""

    value: V
    model: str
    cached: bool = False
    """Whether nothing was paid for it: from the cache, or from an identical request in flight."""
    usd: float = 0.0
    """What this question cost in all, failed tries included."""
    tokens: int = 0
    likelihood: float | None = None
    """How probable the answer was to the model; None when its server does not say."""


class NoAnswer(SurefootError):
    """No candidate of a role gave an answer that could be used.

    Args:
        reasons: Why not, one for each candidate.
    """

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(
            f"No model gave a usable answer: {'; '.join(reasons)}.",
            advice="`surefoot cost` shows what was tried; configure another model.",
        )
        self.reasons = reasons


class OverBudget(NoAnswer):
    """The calls that were left to make could pass a limit of the run, so they were not made."""


class LeftAlone(NoAnswer):
    """The models of a role failed so often in a row that none was asked."""


def _no_check(value: object) -> str:
    del value
    return ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the models of each role.

    Args:
        roles: Who plays which part.
        chat: Makes the chat model of a candidate, without retries of its own.
        memory: Ledger, books and cache.
        clock: The present.
        prices: What calls cost.
        tenant: Whose cached answers may be used.
        cache_seconds: How long an answer may be used again; 0 for never.
        retries: Tries after the first one, when a fault may pass.
        longest_wait: Seconds between two tries at most.
        sleep: Waits so many seconds.
        jitter: Returns a random number from 0 to 1.
        new_id: Makes the id of a call.
    """

    roles: Roles
    chat: Callable[[Candidate], BaseChatModel]
    memory: Memory
    clock: Clock
    prices: Prices = field(default_factory=Prices, kw_only=True)
    tenant: str = field(default="", kw_only=True)
    cache_seconds: float = field(default=WEEK_SECONDS, kw_only=True)
    retries: int = field(default=2, kw_only=True)
    longest_wait: float = field(default=30.0, kw_only=True)
    sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True)
    jitter: Callable[[], float] = field(default=random.random, kw_only=True)
    new_id: Callable[[], str] = field(default=lambda: uuid.uuid4().hex, kw_only=True)
    _flights: Flights[Asked[Any]] = field(default_factory=Flights, init=False, repr=False)
    _forms: dict[str, Structured] = field(default_factory=dict, init=False, repr=False)
    """What `auto` came down to, by candidate."""
    _breaker: Breaker = field(default_factory=Breaker, init=False, repr=False)

    def ask(
        self,
        run: str,
        role: Role,
        prompt: Prompt,
        wanted: type[T],
        *,
        limits: SpendLimits,
        subject: str = "",
        check: Callable[[T], str] = _no_check,
        skip: int = 0,
    ) -> Asked[T]:
        """Return an answer that is a `wanted`.

        Args:
            run: The run that pays.
            role: Whose chain of candidates is asked.
            prompt: What they are shown.
            wanted: What the answer has to be.
            limits: What the run's models may cost in all.
            subject: What it is about on the ledger; the role when empty.
            check: Returns what is wrong with an answer that fits; empty when nothing is.
            skip: How many candidates of the chain, cheapest first, are passed over.

        Raises:
            NoAnswer: No candidate gave a usable answer; `OverBudget` when a limit forbade asking,
                `LeftAlone` when they failed so often in this run that none is asked again.
        """
        if self._breaker.is_open(self.memory.ledger, run, role):
            raise LeftAlone((f"{MOST_FAILURES} times in a row none did, so none is asked again",))
        request = Request(run=run, role=role, subject=subject or role, prompt=prompt, limits=limits)
        chain = self.roles.chain(role)[skip:]
        key = digest({"run": run, "role": role, "prompt": prompt.digest, "skip": skip})
        asked, shared = self._flights.run(key, lambda: self._ask(request, chain, wanted, check))
        if shared:
            self._note_free(request, asked.model, "shared")
            return replace(asked, cached=True, usd=0.0, tokens=0)
        return asked

    def _ask(
        self,
        request: Request,
        chain: Sequence[Candidate],
        wanted: type[T],
        check: Callable[[T], str],
    ) -> Asked[T]:
        def read(said: AIMessage) -> T | str:
            return _read(said, wanted, check)

        remembered = self._remembered(request, chain, read)
        return remembered if remembered is not None else self._cascade(request, chain, read)

    def _remembered(
        self,
        request: Request,
        chain: Sequence[Candidate],
        read: Callable[[AIMessage], T | str],
    ) -> Asked[T] | None:
        """Return what any candidate of the chain once answered to exactly this."""
        for candidate in chain:
            found = self._cache().lookup(*question(candidate, request.prompt))
            said = _message(found[0]) if found else None
            value = read(said) if said else ""
            if said is not None and not isinstance(value, str):
                self._note_free(request, candidate.identity, "cache")
                known = likelihood_of(said)
                return Asked(value=value, model=candidate.identity, cached=True, likelihood=known)
        return None

    def _cascade(
        self,
        request: Request,
        chain: Sequence[Candidate],
        read: Callable[[AIMessage], T | str],
    ) -> Asked[T]:
        """Ask one candidate after the other."""
        reasons: list[str] = []
        heard: list[Heard[T]] = []
        for candidate in chain:
            if reasons:
                self._note_down(request, candidate.identity, reasons[-1])
            heard += self._candidate(request, candidate, read)
            if heard[-1].value is not None:
                return Asked(
                    value=heard[-1].value,
                    model=candidate.identity,
                    usd=sum(item.usd for item in heard),
                    tokens=sum(item.tokens for item in heard),
                    likelihood=heard[-1].likelihood,
                )
            reasons.append(f"{candidate.identity}: {heard[-1].problem}")
        if not reasons:
            raise NoAnswer((f"no model is configured as {request.role}",))
        if not all(item.over_limit for item in heard):
            self._note_unanswered(request, reasons)
        raise (OverBudget if heard[-1].over_limit else NoAnswer)(tuple(reasons))

    def _candidate(
        self, request: Request, candidate: Candidate, read: Callable[[AIMessage], T | str]
    ) -> list[Heard[T]]:
        """Ask one candidate; show it what is wrong with its answer, a few times."""
        caller, prompt, repairs = self._caller(), request.prompt, 0
        heard: list[Heard[T]] = []
        while True:
            form = self._form(candidate)
            attempt = Attempt(
                request=request, candidate=candidate, prompt=prompt, form=form, read=read
            )
            heard.append(caller.call(attempt))
            last = heard[-1]
            if last.fault is not None and last.fault.unsupported and self._loosen(candidate, form):
                self._note_down(request, f"{candidate.identity} in text", last.problem)
                continue
            if last.value is not None or last.text is None or repairs == REPAIRS:
                return heard
            repairs += 1
            prompt = request.prompt.repair(last.problem, last.text)

    def _form(self, candidate: Candidate) -> Structured:
        if candidate.structured != "auto":
            return candidate.structured
        return self._forms.get(candidate.identity, "json_schema")

    def _loosen(self, candidate: Candidate, form: Structured) -> bool:
        """Remember that a server knows no structured output, once, when we may choose."""
        if candidate.structured != "auto" or form == "text":
            return False
        self._forms[candidate.identity] = "text"
        return True

    def _cache(self) -> StoreCache:
        return StoreCache(self.memory.model_cache, tenant=self.tenant, seconds=self.cache_seconds)

    def _caller(self) -> Caller:
        return Caller(
            chat=self.chat,
            memory=self.memory,
            cache=self._cache(),
            prices=self.prices,
            clock=self.clock,
            sleep=self.sleep,
            jitter=self.jitter,
            new_id=self.new_id,
            retries=self.retries,
            longest_wait=self.longest_wait,
        )

    def _note_free(self, request: Request, model: str, source: str) -> None:
        """Write an answer that cost nothing to the ledger."""
        prompt = request.prompt
        body: JsonObject = {
            "call": self.new_id(),
            "role": request.role,
            "model": model,
            "came": "answered",
            "reason": source,
            "tokens": 0,
            "usd": 0.0,
            "cached": True,
            "seconds": 0.0,
            "prompt": prompt.digest,
            "prompt_version": f"{prompt.name}@{prompt.version}",
        }
        self.memory.ledger.append(request.run, "model_call", request.subject, body)

    def _note_unanswered(self, request: Request, reasons: Sequence[str]) -> None:
        """Write to the ledger that nobody answered; the id tells one such time from the next."""
        body: JsonObject = {
            "role": request.role,
            "asked": self.new_id(),
            "reason": "; ".join(reasons)[:2000],
        }
        self.memory.ledger.append(request.run, "unanswered", request.subject, body)

    def _note_down(self, request: Request, to: str, reason: str) -> None:
        self.note_degraded(request.run, request.role, to, reason, subject=request.subject)

    def note_fallback(
        self, run: str, role: Role, to: str, fault: NoAnswer, *, subject: str = ""
    ) -> None:
        """Write to the ledger who takes over from the models of a role; once when left alone."""
        about = "" if isinstance(fault, LeftAlone) else subject
        self.note_degraded(run, role, to, fault.what, subject=about)

    def note_degraded(
        self, run: str, role: Role, to: str, reason: str, *, subject: str = ""
    ) -> None:
        """Write to the ledger that something lesser, or stronger, takes over, and why."""
        body: JsonObject = {"role": role, "to": to, "reason": reason[:2000]}
        self.memory.ledger.append(run, "degraded", subject or role, body)
        announce("degraded", subject=subject or role, **body)


def _message(kept: Generation) -> AIMessage:
    """Return a remembered answer as it was read the first time: its text, and how probable."""
    made = kept.message if isinstance(kept, ChatGeneration) else None
    return AIMessage(kept.text, response_metadata=made.response_metadata if made else {})


def _read(said: AIMessage, wanted: type[T], check: Callable[[T], str]) -> T | str:
    """Return a model's answer as a checked object, or why it is none."""
    if said.additional_kwargs.get("refusal"):
        return "the model refused to answer"
    called = [call["name"] for call in (*said.tool_calls, *said.invalid_tool_calls)]
    if called and not said.text.strip():
        return f"it called the tool {str(called[0])[:80]!r} instead of answering"
    found = parse(said.text, wanted)
    if isinstance(found, str):
        cut = said.response_metadata.get("finish_reason") == "length"
        return f"{found} (it was cut at its longest length)" if cut else found
    return check(found) or found
