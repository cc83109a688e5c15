"""`policy check` and `policy test`: try a policy before a run does."""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from checkpoints.store import open_store
from graphs.cli.asking import parse_object
from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.suggestions import APPROVED, IN_RUNS, REJECTED
from graphs.render.suggestions import suggest as suggested_rules
from graphs.render.text import action_line
from tools.contract import Action, JsonObject, Tool
from tools.errors import BadInput, Refused
from tools.policy import Facts, Policy, explain_verdict
from tools.toolbox import Toolbox

PolicyArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in TOML.")]


def check(file: PolicyArgument, *, as_json: JsonOption = False) -> None:
    """Validate a policy and list its rules."""
    printer, found = Printer(as_json), Policy.from_file(file)
    rules = [rule.model_dump(mode="json", exclude_none=True, by_alias=True) for rule in found.rules]
    printer.document(
        {
            "file": str(file),
            "valid": True,
            "digest": found.digest,
            "thresholds": {str(effect): share for effect, share in found.thresholds.items()},
            "rules": list(rules),
        }
    )
    printer.say(
        f"{file} holds: {len(rules)} rules; whatever none of them settles is denied.", "green"
    )
    rows = [(f"{n}", rule.id, rule.verdict, rule.reason) for n, rule in enumerate(found.rules, 1)]
    printer.table(("", "rule", "verdict", "reason"), rows)


def suggest(*, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Propose rules from people's answers; a person puts them into a policy, or does not."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        found = suggested_rules(memory)
    printer.document(
        {"rules": [one.to_json() | {"toml": one.to_toml()} for one in found], "exit_code": 0}
    )
    if not found:
        printer.say(
            f"Nothing was approved {APPROVED} times in {IN_RUNS} runs, or rejected {REJECTED} "
            "times, without exception."
        )
    for one in found:
        printer.exact(one.to_toml())
        printer.say()
    if found:
        printer.say("Nothing was changed: put what you agree with into your policy.", "dim")


def try_out(
    file: PolicyArgument,
    action: Annotated[
        list[str],
        typer.Argument(
            metavar="ACTION...",
            help="JSON, or `tool key=value ...`, e.g. create_index table=orders columns=a,b",
        ),
    ],
    *,
    database: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Look names up in it, e.g. the table of an index."),
    ] = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, metavar="P", help="How sure.")] = 1.0,
    tainted: Annotated[
        bool, typer.Option("--tainted", help="As if an argument had no trusted origin.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a policy would say to an action of the database agent, and by which rule."""
    printer, found = Printer(as_json), Policy.from_file(file)
    with _tools(database) as tools:
        facts = _facts(_parse(action, tools), tools, confidence=confidence, tainted=tainted)
    verdict, considered = found.judge(facts), explain_verdict(found, facts)
    printer.document(
        {
            "action": facts.action.to_json(),
            "effect": facts.effect,
            "resources": list(facts.resources),
            "verdict": verdict.to_json(),
            "considered": [one.to_json() for one in considered],
        }
    )
    style = {"allow": "bold green", "ask": "bold yellow", "deny": "bold red"}[verdict.decision]
    printer.say(f"{verdict.decision} by {verdict.rule}: {verdict.reason}", style)
    printer.say(f"{action_line(facts.action)} is {facts.effect}", indent=2)
    printer.say(f"touches {', '.join(facts.resources) or 'nothing'}", indent=2)
    rows = [(one.rule, one.decision, "yes" if one.matched else "no", one.why) for one in considered]
    printer.table(("considered", "says", "matches", "because"), rows)


@contextmanager
def _tools(database: Path | None) -> Iterator[Toolbox]:
    """Return the tools of the database agent, on an empty database unless one is named."""
    from graphs.database.graph import database_agent  # noqa: PLC0415  # loads LangGraph

    with tempfile.TemporaryDirectory(prefix="surefoot-policy-") as scratch:
        folder = Path(scratch)
        workload = folder / "none.sql"
        workload.write_text("SELECT 1;\n", encoding="utf-8")
        if database is None:
            database = folder / "empty.db"
            with closing(sqlite3.connect(database)) as made:
                made.execute("PRAGMA user_version = 1")
        with open_store(f"sqlite:///{folder / 'store.db'}") as store:
            agent = database_agent(database=database, workload=workload, store=store)
            yield agent.context.tools


def _parse(words: list[str], tools: Toolbox) -> Action:
    """Read an action as a person types it.

    Raises:
        BadInput: It is none, or there is no such tool.
    """
    if words[0].lstrip().startswith("{"):
        value = parse_object(" ".join(words))
        args = value.get("args", {})
        action = Action(
            tool=str(value.get("tool", "")), args=args if isinstance(args, dict) else {}
        )
    else:
        action = Action(tool=words[0], args=dict(_pair(word) for word in words[1:]))
    tool = tools.get(action.tool)
    if tool is None:
        raise BadInput(
            f"There is no tool {action.tool!r}.", advice=f"The tools: {', '.join(tools)}."
        )
    return action.model_copy(update={"args": _fitted(tool, action.args)})


def _pair(word: str) -> tuple[str, JsonValue]:
    name, sign, text = word.partition("=")
    if not sign:
        raise BadInput(f"{word!r} is not `key=value`.", advice="Write e.g. table=orders.")
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        value = text
    return name, value


def _fitted(tool: Tool, args: JsonObject) -> JsonObject:
    """Check arguments, and read `a,b` as a list where the tool wants one.

    Raises:
        BadInput: They do not fit the tool.
    """
    properties = tool.card().parameters.get("properties")
    for name, value in args.items():
        wanted = properties.get(name) if isinstance(properties, dict) else None
        if isinstance(value, str) and isinstance(wanted, dict) and wanted.get("type") == "array":
            args = args | {name: [part.strip() for part in value.split(",")]}
    try:
        return tool.check(args)
    except Refused as refusal:
        what = f"{refusal.what} No policy would see this action."
        raise BadInput(what, advice=f"Look at {tool.name}: {tool.description}") from refusal


def _facts(action: Action, tools: Toolbox, *, confidence: float, tainted: bool) -> Facts:
    tool = tools[action.tool]
    return Facts(
        action=action,
        effect=tool.effect,
        resources=tuple(sorted(tool.resources(action.args))),
        confidence=confidence,
        tainted=tainted,
    )
