"""What the OpenAI client costs by itself at the size of our prompts: CPU per call.

The client walks typed dictionaries message by message on every call, so the count of messages
matters more than their length. Our requests have two; a chat history has as many as it has turns.
The server is on loopback in another process, so its time is not counted. In the repository's root:

    python -m benchmarks.client [--calls 50] [--json]
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import httpx
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from openai import DefaultHttpxClient, OpenAI

from benchmarks.loopback import loopback
from nodes.models.openai import OpenAIChats, parameters
from nodes.models.prompts import Prompt, Section, write
from nodes.models.roles import Candidate
from nodes.models.schemas import answer_schema, is_strict
from nodes.state import Decision

PROMPT_CHARACTERS = 8_000
"""Of the changing part; `benchmarks.overhead` tells the sizes of whole requests."""
HISTORY = (22, 102, 202)
"""Messages of a chat history, for comparison."""
ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One way to make a call."""

    way: str
    messages: int
    request_bytes: int
    cpu_ms: float


def prompt() -> Prompt:
    """Return a decider's prompt of the usual size."""
    schema = answer_schema(Decision)
    text = "a line of what was found, with figures: 12.5\n" * (PROMPT_CHARACTERS // 45)
    section = Section(label="Results so far", value=text, limit=PROMPT_CHARACTERS)
    return write("decider", (section,), schema=schema, strict=is_strict(schema))


def messages(made: Prompt, count: int) -> list[dict[str, str]]:
    """Return the prompt's text as so many messages."""
    first = {"role": "system", "content": made.system}
    size = max(1, len(made.user) // (count - 1))
    parts = [made.user[at * size : (at + 1) * size] for at in range(count - 1)]
    return [first, *({"role": "user", "content": part} for part in parts)]


def cpu_ms(call: Callable[[], object], calls: int) -> float:
    """Return the CPU time of one call: the median of a few rounds, after one that warms up."""
    rounds = []
    for _ in range(1 + ROUNDS):
        began = time.process_time()
        for _ in range(calls):
            call()
        rounds.append((time.process_time() - began) * 1000 / calls)
    return statistics.median(rounds[1:])


def measure(url: str, calls: int) -> list[Row]:
    """Measure our own way, the client without LangChain, the wire alone, and long histories."""
    made = prompt()
    free = {"input_usd_per_million": 0.0, "output_usd_per_million": 0.0}
    me = Candidate.model_validate({"model": "loopback", "base_url": f"{url}/v1", **free})
    body = parameters(me, made, "json_schema")
    asked: list[BaseMessage] = [SystemMessage(made.system), HumanMessage(made.user)]
    chats = OpenAIChats({})
    ours = chats(me)
    rows = []

    def add(way: str, count: int, call: Callable[[], object]) -> None:
        whole = {"model": "loopback", "messages": messages(made, count), **body["extra_body"]}
        rows.append(Row(way, count, len(json.dumps(whole)), cpu_ms(call, calls)))

    with DefaultHttpxClient() as wire, httpx.Client() as plain:
        sdk = OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, http_client=wire)
        request = {"model": "loopback", "messages": messages(made, 2), **body["extra_body"]}
        add("ours: ChatOpenAI", 2, lambda: ours.invoke(asked, **body))
        add("SDK", 2, lambda: _create(sdk, messages(made, 2), body))
        add("httpx and json", 2, lambda: plain.post(f"{url}/v1/chat", json=request).json())
        for count in HISTORY:
            history = messages(made, count)
            add("SDK", count, partial(_create, sdk, history, body))
    chats.close()
    return rows


def _create(sdk: OpenAI, said: list[dict[str, str]], body: dict[str, object]) -> object:
    return sdk.chat.completions.create(model="loopback", messages=said, **body)  # type: ignore[call-overload]  # plain dictionaries


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the OpenAI client costs by itself.")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with loopback(delay=0.0, actions=0) as url:
        rows = measure(url, options.calls)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return 0
    print(f"{'way':<18} {'messages':>8} {'bytes':>7} {'CPU ms':>7}")
    for row in rows:
        print(f"{row.way:<18} {row.messages:>8} {row.request_bytes:>7,} {row.cpu_ms:>7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
