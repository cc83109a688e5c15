"""Looking at runs: `ls`, `show`, `why`, `diff`, `graph`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from checkpoints.store import Store
from graphs.cli.documents import comparison, effect_document, run_document, run_row, statement_of
from graphs.cli.ending import show_alerts, show_comparison, show_models, show_waiting
from graphs.cli.opening import command, existing_store
from graphs.cli.options import JsonOption, RunArgument, StoreOption
from graphs.cli.printing import STYLES, Printer
from graphs.render.picture import Edge, graph_mermaid, graph_svg, graph_text
from graphs.render.standing import INTERRUPTED, Tally, changes_text, standing
from graphs.render.story import Story, read_story
from graphs.render.text import action_line, label_of, line, model_text, seconds_text
from graphs.render.timeline import Row
from graphs.render.trail import Trail, keys_of, sections, trail
from graphs.render.visits import visited
from tools.contract import EffectRecord, JsonObject
from tools.errors import BadInput
from tools.records import RunInfo


def ls(
    *,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 100,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs, newest first."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        listed = _list(memory, limit)
    printer.document([run_row(one.info, one.questions, one.tally, held=one.held) for one in listed])
    if not listed:
        printer.say("No runs yet.")
        return
    rows = [
        (
            one.info.run,
            standing(one.info, one.tally, held=one.held),
            f"{one.info.created_at:%Y-%m-%d %H:%M}",
            f"{one.questions or ''}",
            changes_text(one.tally),
            line(one.info.objective, 70),
        )
        for one in listed
    ]
    printer.table(("run", "status", "begun (UTC)", "asks", "changes", "goal"), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    info: RunInfo
    questions: int
    tally: Tally
    held: bool


def _list(memory: Store, limit: int) -> list[_Listed]:
    infos = memory.runs.all(limit=limit)
    tallies = memory.journal.tally([info.run for info in infos])
    return [
        _Listed(
            info=info,
            questions=len(memory.reviews.waiting(info.run)),
            tally=tallies[info.run],
            held=info.status == "running" and memory.leases.is_held(info.run),
        )
        for info in infos
    ]


def show(run: RunArgument, *, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show a run as one timeline."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        story = read_story(memory, run)
    printer.document(run_document(story, exit_code=0))
    info = story.info
    printer.say(f"{info.run}: {line(info.objective, 200)}", "bold")
    style = STYLES.get(info.status, "")
    printer.say(f"{story.standing}  {line(info.reason, 300)}".rstrip(), style)
    if changes_text(story.tally):
        printer.say(f"changes: {changes_text(story.tally)}", "dim")
    for row in story.rows:
        _show_row(printer, row)
    show_alerts(printer, story)
    show_models(printer, story, store)
    show_comparison(printer, story.queries)
    if story.pending:
        show_waiting(printer, story.pending, store)
    if story.standing == INTERRUPTED:
        printer.exact(f"Go on: {command('resume', info.run, store=store)}")


def _show_row(printer: Printer, row: Row) -> None:
    """Print one decision: what and when, then the gate, then what came of it."""
    took = f"  {seconds_text(row.seconds)}" if row.seconds is not None else ""
    head = f"{row.at:%H:%M:%S}  {row.label:<11}{line(row.what, 200)}{took}"
    printer.say(head, "bold" if row.kind in {"action", "outcome"} else "", indent=0)
    by = f"by {model_text(row.origin)}" if model_text(row.origin) else ""
    sure = f"{row.confidence:.0%} sure" if row.confidence is not None else ""
    gate = f"{row.gate} by {row.rule}" if row.gate else ""
    waited = f" after {seconds_text(row.waited)}" if row.waited is not None else ""
    who = f"{row.who}{waited}" if row.who else ""
    judged = ", ".join(part for part in (by, gate, sure, who) if part)
    effect = f"[{row.effect}] " if row.effect else ""
    for text in (judged, effect + line(row.came, 400)):
        if text:
            printer.say(text, "dim" if text is judged else "", indent=_INDENT)


_INDENT = 21
"""Columns of time and step."""


def why(
    run: RunArgument,
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="A step (`tune`) or one action (`tune.2`).")
    ],
    *,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the whole decision trail of an action."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        story = read_story(memory, run)
    found = _trails(story, step)
    printer.document([one.to_json() | {"action": one.action} for one in found])
    for one in found:
        printer.say(one.label, "bold cyan")
        for head, lines in sections(one):
            printer.say(head, "bold", indent=2)
            for text in lines:
                printer.say(text, indent=4)


def _trails(story: Story, step: str) -> list[Trail]:
    keys = keys_of(story.entries, step)
    found = [trail(story.entries, key) for key in keys]
    if not keys:
        labels = [row.label for row in story.rows if row.key]
        raise BadInput(
            f"Run {story.info.run!r} decided nothing called {step!r}.",
            advice=f"It has {', '.join(labels) or 'no decisions yet'}.",
        )
    return [one for one in found if one is not None]


def diff(run: RunArgument, *, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show what is different in the world because of a run."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        story = read_story(memory, run)
    kept = [record for record in story.effects if record.state == "applied"]
    printer.document(
        {
            "run": story.info.run,
            "status": story.info.status,
            "kept": [effect_document(record) for record in kept],
            "queries": comparison(story),
        }
    )
    if not kept:
        printer.say(f"Nothing is different because of {story.info.run}.")
    for record in kept:
        if sql := statement_of(record):
            printer.exact(f"{sql};  -- {label_of(record.key)}")
        else:
            printer.say(f"{label_of(record.key)}  {action_line(record.action)}")
            printer.say(line(_summary(record), 400), "dim", indent=2)
    show_comparison(printer, story.queries)


def _summary(record: EffectRecord) -> str:
    """Return what a tool said of its effect."""
    return str(record.result.get("summary", "")) if isinstance(record.result, dict) else ""


def graph(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Mark the path that a run took.")
    ] = None,
    *,
    form: Annotated[
        Literal["mermaid", "svg", "text"], typer.Option("--format", help="How it is drawn.")
    ] = "mermaid",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there instead of showing it.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the graph; needs no internet."""
    printer = Printer(as_json)
    taken: dict[Edge, int] = {}
    now = ""
    if run is not None:
        with existing_store(store) as memory:
            taken, now = _path(memory, run)
    drawn = {
        "svg": lambda: graph_svg(taken, now=now),
        "mermaid": lambda: graph_mermaid(taken),
        "text": lambda: graph_text(taken),
    }[form]()
    where: JsonObject = {"output": str(output)} if output else {"graph": drawn}
    if output is not None:
        _write(output, drawn)
    printer.document(where | {"format": form})
    printer.exact(f"Wrote {output}." if output else drawn.rstrip("\n"))


def _path(memory: Store, run: str) -> tuple[dict[Edge, int], str]:
    story = read_story(memory, run)
    return visited(story.entries), "escalate" if story.info.status == "waiting" else ""


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise BadInput(f"{str(path)!r} cannot be written: {fault.strerror}.") from fault
