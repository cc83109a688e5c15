"""One candidate is called: reserved before, settled after, every try on the ledger.

A try ends in exactly one of three ways in the books: settled (an answer came, usable or not),
released (nothing was billed), or counted at its upper bound (nobody can say, or the run was stopped
while it waited for the answer).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import RunnableConfig

from nodes.models.cache import StoreCache, question
from nodes.models.faults import CallFault, call_faults, diagnose
from nodes.models.likelihood import likelihood_of
from nodes.models.openai import parameters
from nodes.models.prices import Prices
from nodes.models.prompts import Prompt
from nodes.models.roles import Candidate, Role, Structured
from nodes.models.span import Usage, chat_span, note_outcome
from tools.contract import Clock, JsonObject
from tools.errors import BadInput
from tools.records import Charge, Memory, SpendLimits
from tools.stopping import Stopped, awaited, check_stop

T = TypeVar("T")

OVERHEAD_TOKENS = 64
"""Tokens of a request beyond its text: roles, separators."""
_MOST_TOKENS = 10**12
"""A server that reports more is not believed."""
_CUT_OFF = CallFault(
    reason="the run was stopped while it waited", kind="stopped", maybe_billed=True, again=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked, for whom, within which limits."""

    run: str
    role: Role
    subject: str
    """What it is about on the ledger: an effect key, or the role."""
    prompt: Prompt
    limits: SpendLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Generic[T]):
    """One candidate asked in one form, perhaps for a repair."""

    request: Request
    candidate: Candidate
    prompt: Prompt
    """The request's own, or that with the last answer and its problem."""
    form: Structured
    read: Callable[[AIMessage], T | str]
    """Reads an answer, or says why it cannot be used."""

    @property
    def bound(self) -> Usage:
        """The most tokens that it can take: a token has at least one byte."""
        read = self.prompt.size + OVERHEAD_TOKENS
        return Usage(read=read, written=self.candidate.max_output_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Generic[T]):
    """What came of an attempt."""

    value: T | None = None
    problem: str = ""
    """Why there is no value; empty when there is one."""
    text: str | None = None
    """What the model said; None when it said nothing."""
    fault: CallFault | None = None
    over_limit: bool = False
    used: Usage | None = None
    """What an answer took; None when none came."""
    likelihood: float | None = None
    """How probable the answer was to the model; None when its server does not say."""
    tokens: int = 0
    """What the books count."""
    usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls candidates and keeps the books.

    Args:
        chat: Makes the chat model of a candidate; it must not retry by itself.
        memory: Ledger, books and cache.
        cache: Where usable answers are kept.
        prices: What calls cost.
        clock: The present.
        sleep: Waits so many seconds.
        jitter: Returns a random number from 0 to 1.
        new_id: Makes the id of a call.
        retries: Tries after the first one, when a fault may pass.
        longest_wait: Seconds; a server that asks for more is given up for this time.
    """

    chat: Callable[[Candidate], BaseChatModel]
    memory: Memory
    cache: StoreCache
    prices: Prices
    clock: Clock
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    new_id: Callable[[], str]
    retries: int
    longest_wait: float

    def call(self, attempt: Attempt[T]) -> Heard[T]:
        """Call a candidate until it answers, or until trying again has no point.

        Raises:
            Stopped: The run is to stop; a call that was under way counts at its upper bound.
        """
        tried = 0
        while True:
            heard = self._once(attempt)
            if heard.fault is None or not heard.fault.again or tried == self.retries:
                return heard
            wait = self._wait(heard.fault, tried)
            if wait > self.longest_wait:
                return heard
            awaited(partial(self.sleep, wait))
            tried += 1

    def _wait(self, fault: CallFault, tried: int) -> float:
        """Return how long to wait: at least what the server asked for, and never in step."""
        if fault.wait is not None:
            return fault.wait * (1.0 + 0.1 * self.jitter())
        return min(self.longest_wait, 0.5 * 2.0**tried) * (0.5 + 0.5 * self.jitter())

    def _once(self, attempt: Attempt[T]) -> Heard[T]:
        check_stop()
        candidate, request, bound = attempt.candidate, attempt.request, attempt.bound
        call = self.new_id()
        try:
            model = self.chat(candidate)
            usd = self._usd(candidate, bound)
        except BadInput as fault:
            return self._note(attempt, call, "not made", 0.0, Heard(problem=fault.what))
        charge = self.memory.spending.reserve(
            call,
            run=request.run,
            role=request.role,
            model=candidate.identity,
            tokens=bound.tokens,
            usd=usd,
            limits=request.limits,
        )
        if charge.state == "refused":
            over: Heard[T] = Heard(problem=f"over the limit, {charge.reason}", over_limit=True)
            return self._note(attempt, call, "not made", 0.0, over)
        with chat_span(candidate, run=request.run, role=request.role) as span:
            heard = self._made(attempt, call, model, charge)
            kind = heard.fault.kind if heard.fault is not None else ""
            note_outcome(span, used=heard.used, usd=heard.usd, problem=heard.problem, fault=kind)
            return heard

    def _made(
        self, attempt: Attempt[T], call: str, model: BaseChatModel, charge: Charge
    ) -> Heard[T]:
        """Make a call that is paid for, and close it in books and ledger together."""
        started = self.clock()
        try:
            said = awaited(partial(_said, model, attempt))
        except Stopped:
            with self.memory.transaction():
                self._failed(attempt, call, self._since(started), _CUT_OFF, charge)
            raise
        except call_faults() as error:
            fault = diagnose(error, self.clock())
            with self.memory.transaction():
                return self._failed(attempt, call, self._since(started), fault, charge)
        seconds = self._since(started)
        with self.memory.transaction():
            return self._answered(attempt, call, seconds, said)

    def _since(self, started: datetime) -> float:
        return (self.clock() - started).total_seconds()

    def _failed(
        self, attempt: Attempt[T], call: str, seconds: float, fault: CallFault, charge: Charge
    ) -> Heard[T]:
        spending = self.memory.spending
        if fault.maybe_billed:
            ended = spending.settle(call, tokens=charge.reserved_tokens, usd=charge.reserved_usd)
        else:
            ended = spending.release(call)
        heard: Heard[T] = Heard(
            problem=fault.reason, fault=fault, tokens=ended.tokens, usd=ended.usd
        )
        return self._note(attempt, call, "failed", seconds, heard)

    def _answered(
        self, attempt: Attempt[T], call: str, seconds: float, said: AIMessage
    ) -> Heard[T]:
        used = _usage(said, attempt.bound)
        usd, tokens = self._usd(attempt.candidate, used), used.tokens
        self.memory.spending.settle(call, tokens=tokens, usd=usd)
        found = attempt.read(said)
        if isinstance(found, str):
            unusable: Heard[T] = Heard(
                problem=found, text=said.text, used=used, tokens=tokens, usd=usd
            )
            return self._note(attempt, call, "unusable", seconds, unusable)
        asked = question(attempt.candidate, attempt.request.prompt)
        self.cache.update(*asked, [ChatGeneration(message=said)])
        heard = Heard(
            value=found,
            text=said.text,
            used=used,
            likelihood=likelihood_of(said),
            tokens=tokens,
            usd=usd,
        )
        return self._note(attempt, call, "answered", seconds, heard)

    def _usd(self, candidate: Candidate, usage: Usage) -> float:
        return self.prices.usd(candidate, input_tokens=usage.read, output_tokens=usage.written)

    def _note(
        self, attempt: Attempt[T], call: str, came: str, seconds: float, heard: Heard[T]
    ) -> Heard[T]:
        """Write one try to the ledger: figures and reasons, never what was said."""
        request, prompt = attempt.request, attempt.prompt
        body: JsonObject = {
            "call": call,
            "role": request.role,
            "model": attempt.candidate.identity,
            "came": came,
            "reason": heard.problem[:500],
            "tokens": heard.tokens,
            "usd": heard.usd,
            "cached": False,
            "seconds": round(seconds, 3),
            "prompt": prompt.digest,
            "prompt_version": f"{prompt.name}@{prompt.version}",
            "form": attempt.form,
        }
        self.memory.ledger.append(request.run, "model_call", request.subject, body)
        return heard


def _said(model: BaseChatModel, attempt: Attempt[T]) -> AIMessage:
    return model.invoke(_messages(attempt.prompt), _config(attempt), **_body(attempt))


def _messages(prompt: Prompt) -> list[BaseMessage]:
    """Return two messages: clients spend time on each (reference/performance.md, finding 1)."""
    return [SystemMessage(prompt.system), HumanMessage(prompt.user)]


def _body(attempt: Attempt[T]) -> dict[str, Any]:
    return parameters(attempt.candidate, attempt.prompt, attempt.form)


def _config(attempt: Attempt[T]) -> RunnableConfig:
    """Return what makes the call readable in a trace."""
    request, prompt = attempt.request, attempt.prompt
    return RunnableConfig(
        run_name=f"{request.role}.llm",
        tags=[f"role:{request.role}"],
        metadata={
            "run": request.run,
            "subject": request.subject,
            "prompt_version": f"{prompt.name}@{prompt.version}",
        },
    )


def _usage(said: AIMessage, bound: Usage) -> Usage:
    """Return the reported usage; where there is none, what the texts can have cost at most."""
    told = said.usage_metadata
    if told is not None and told["input_tokens"] > 0 and told["output_tokens"] >= 0:
        return Usage(
            read=min(told["input_tokens"], _MOST_TOKENS),
            written=min(told["output_tokens"], _MOST_TOKENS),
            cached=_cached(told),
        )
    written = len(said.text.encode("utf-8", "replace")) + OVERHEAD_TOKENS
    return Usage(read=bound.read, written=max(bound.written, written))


def _cached(told: UsageMetadata) -> int:
    """Return how many of the tokens that were read the provider had in a cache."""
    cached = told.get("input_token_details", {}).get("cache_read")
    return min(max(0, cached or 0), told["input_tokens"])
