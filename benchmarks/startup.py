"""Cold start: CPU and memory of fresh processes, beside plain LangGraph.

An agent is measured up to its first effect, which a model on loopback or rules decided, and its
memory after two steps; commands of the command line are measured whole. Rounds are interleaved;
the first one, in which Python compiles, does not count. In the repository's root:

    python -m benchmarks.startup [--rounds 5] [--json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.loopback import loopback

STEPS = 2


@dataclass(frozen=True)
class Start:
    """What a fresh process took."""

    cpu_s: float
    memory_mb: float
    """At its peak."""


class First:
    """Notes the CPU time of this process at its first effect."""

    def __init__(self) -> None:
        self.cpu_s = 0.0

    def __call__(self, number: int) -> None:
        """Note it once."""
        del number
        self.cpu_s = self.cpu_s or time.process_time()


Agent = Callable[[Path, str, First], None]
"""Takes two steps in a folder, decided by the model at a URL."""


def langgraph(folder: Path, url: str, first: First) -> None:
    """Plain LangGraph without a saver, its model called by httpx."""
    import httpx  # noqa: PLC0415  # loading is what is measured

    from benchmarks import plain  # noqa: PLC0415  # the same

    with httpx.Client() as client:
        model = plain.server(client, url)
        graph = plain.two_nodes(model, plain.noting(folder, first), None)
        graph.invoke({"messages": [plain.FIRST]})


def langgraph_openai(folder: Path, url: str, first: First) -> None:
    """The same, its model called by LangChain's client of OpenAI."""
    from langchain_openai import ChatOpenAI  # noqa: PLC0415  # loading is what is measured
    from pydantic import SecretStr  # noqa: PLC0415  # the same

    from benchmarks import plain  # noqa: PLC0415  # the same

    chat = ChatOpenAI(model="loopback", base_url=f"{url}/v1", api_key=SecretStr("none"))

    def model(messages: list[plain.Message]) -> str:
        return str(chat.invoke([(one["role"], one["content"]) for one in messages]).content)

    graph = plain.two_nodes(model, plain.noting(folder, first), None)
    graph.invoke({"messages": [plain.FIRST]})


def surefoot(folder: Path, url: str, first: First) -> None:
    """Surefoot; without a URL, rules decide."""
    from benchmarks.agents import Note, Steps, goal_of, make_agent  # noqa: PLC0415  # loading is what is measured
    from checkpoints.store import open_store  # noqa: PLC0415  # the same

    mind = Steps(1, STEPS)
    with open_store(f"sqlite:///{folder}/store.db") as store:
        agent = make_agent(store, Note(folder, first), mind, url)
        agent.run(goal_of(agent, mind))


def surefoot_rules(folder: Path, url: str, first: First) -> None:
    """Surefoot decided by rules."""
    del url
    surefoot(folder, "", first)


AGENTS: dict[str, Agent] = {
    "langgraph": langgraph,
    "langgraph, OpenAI client": langgraph_openai,
    "surefoot, rules": surefoot_rules,
    "surefoot, model": surefoot,
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "import graphs": ("-c", "import graphs"),
    "import langgraph.graph": ("-c", "import langgraph.graph"),
    "surefoot --help": ("-m", "graphs.cli", "--help"),
    "surefoot ls": ("-m", "graphs.cli", "ls"),
    "surefoot inbox": ("-m", "graphs.cli", "inbox"),
}


def agent(name: str, url: str) -> None:
    """Be the process that is measured, and print what it took."""
    first = First()
    with tempfile.TemporaryDirectory() as folder:
        AGENTS[name](Path(folder), url, first)
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    print(json.dumps(asdict(Start(first.cpu_s, peak / 1024))))


def measured_agent(name: str, url: str, environment: dict[str, str]) -> Start:
    """Run an agent in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.startup", "--agent", name, "--url", url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Start(**json.loads(done.stdout.splitlines()[-1]))


def measured_command(words: tuple[str, ...], environment: dict[str, str]) -> Start:
    """Run a command in a fresh process, of which this one is smaller."""
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1)]
    path = sys.executable
    child = os.posix_spawn(path, [path, *words], environment, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    os.close(null)
    if status:
        raise RuntimeError(f"{words!r} ended with {status}.")
    return Start(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(rounds: int) -> dict[str, Start]:
    """Return the medians."""
    found: dict[str, list[Start]] = {}
    with tempfile.TemporaryDirectory() as name, loopback(delay=0.0, actions=STEPS) as url:
        environment = {
            **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": f"{name}/compiled",
            "SUREFOOT_STORE": f"sqlite:///{name}/store.db",
        }
        make = "from checkpoints.store import open_store as o; import os; "
        make += "o(os.environ['SUREFOOT_STORE']).close()"
        subprocess.run([sys.executable, "-c", make], env=environment, check=True)
        for at in range(rounds + 1):
            for label in AGENTS:
                path = f"{url}/{at}/{label.replace(', ', '-').replace(' ', '-')}"
                found.setdefault(label, []).append(measured_agent(label, path, environment))
            for label, words in COMMANDS.items():
                found.setdefault(label, []).append(measured_command(words, environment))
    return {
        label: Start(
            cpu_s=round(statistics.median(one.cpu_s for one in starts[1:]), 3),
            memory_mb=round(statistics.median(one.memory_mb for one in starts[1:]), 1),
        )
        for label, starts in found.items()
    }


def main() -> None:
    """Measure and print, or be one of those that are measured."""
    parser = argparse.ArgumentParser(description="CPU and memory of fresh processes.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--agent", choices=AGENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.agent:
        agent(options.agent, options.url)
        return
    found = measure(options.rounds)
    if options.json:
        print(json.dumps({label: asdict(one) for label, one in found.items()}, indent=2))
        return
    for label, one in found.items():
        print(f"{label:<26} {one.cpu_s:6.2f} s CPU {one.memory_mb:7.1f} MiB")


if __name__ == "__main__":
    main()
