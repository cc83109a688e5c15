"""How a command that advanced a run ends: the outcome, before and after, and what to do next."""

import typer

from checkpoints.store import Store
from graphs.cli.documents import run_document, statement_of
from graphs.cli.exits import OF_STATUS
from graphs.cli.opening import command
from graphs.cli.printing import STYLES, Printer
from graphs.render.comparison import QueryRow, factor_text, total
from graphs.render.story import Story, read_story
from graphs.render.text import action_line, bytes_text, label_of, line
from tools.contract import EffectRecord
from tools.records import Review


def end(printer: Printer, memory: Store, run: str, *, store: str | None) -> None:
    """Print where a run stands and leave with its exit code.

    Args:
        printer: Where it goes.
        memory: The open store.
        run: The run's whole name.
        store: The `--store` option, for the commands that are shown.
    """
    story = read_story(memory, run)
    dry = _is_dry(story)
    code = 0 if dry and story.info.status == "unverified" else OF_STATUS[story.info.status]
    printer.document(run_document(story, exit_code=code))
    printer.say()
    if story.info.status == "waiting":
        show_waiting(printer, story.pending, store)
    elif dry and code == 0:
        show_prediction(printer, story)
    else:
        show_outcome(printer, story, store)
    raise typer.Exit(code)


def show_waiting(printer: Printer, pending: list[Review], store: str | None) -> None:
    """Say what is asked and exactly which commands go on."""
    noun = "question waits" if len(pending) == 1 else "questions wait"
    printer.say(f"{len(pending)} {noun} for a person.", "bold yellow")
    for review in pending:
        printer.say(f"{review.id}  {line(review.title)}", indent=2)
        printer.say(f"{review.why} Offer until {review.expires_at:%Y-%m-%d %H:%M} UTC.", indent=4)
    printer.say("Go on from any terminal, now or later:", "bold")
    for review in pending:
        for words in _answers(review):
            printer.exact(f"  {command(*words, store=store)}")
    printer.say("Or end the run here:", "bold")
    printer.exact(f"  {command('answer', pending[0].id, '--decision', 'abort', store=store)}")


def _answers(review: Review) -> list[tuple[str, ...]]:
    """Return the commands that look at a question and answer it."""
    plain = [(kind, review.id) for kind in ("approve", "reject") if kind in review.allowed]
    said = ("answer", review.id, "--decision", "respond", "--message", "...")
    return [("inbox", review.id), *plain, *([said] if review.kind in {"stuck", "loop"} else [])]


def show_prediction(printer: Printer, story: Story) -> None:
    """Print what a dry run would have done."""
    rows = [
        (row.label, line(row.what, 70), line(row.why, 160), line(row.came, 90))
        for row in story.rows
        if row.rule == "dry-run"
    ]
    if not rows:
        printer.say("Dry run: the plan holds, and no change would be proposed.", "bold")
        return
    printer.say("Dry run: nothing was changed. This is what would be proposed:", "bold")
    printer.table(("", "action", "predicted", "verdict"), rows)


def show_outcome(printer: Printer, story: Story, store: str | None) -> None:
    """Print the outcome, times before and after, what stands and what was undone."""
    info = story.info
    printer.say(f"{info.run}: {info.status}", f"bold {STYLES.get(info.status, '')}".strip())
    printer.say(line(story.newest("outcome").get("reason") or info.reason, 600), indent=2)
    show_comparison(printer, story.queries)
    show_effects(printer, story.effects)
    show_alerts(printer, story)
    _show_claims(printer, story)
    advice = story.newest("outcome").get("help")
    if isinstance(advice, list) and advice:
        printer.say("What would help", "bold")
        for text in advice:
            printer.say(f"- {text}", indent=2)
    _next(printer, story, store)


def _show_claims(printer: Printer, story: Story) -> None:
    """Print what was found out, and apart from it what was stated and stands nowhere."""
    report = story.newest("outcome")
    facts, unsupported = report.get("facts"), report.get("unsupported")
    told = [one for one in facts if isinstance(one, dict)] if isinstance(facts, list) else []
    if told:
        printer.say("Found out", "bold")
    for fact in told:
        count = fact.get("origins")
        places = "in one place" if count == 1 else f"in {count} independent places"
        printer.say(
            f"- {line(fact.get('statement'), 200)} ({fact.get('confidence')}, {places})", indent=2
        )
    if isinstance(unsupported, list) and unsupported:
        printer.say("Stated, but it stands in nothing that was read", "bold yellow")
        for statement in unsupported:
            printer.say(f"- {line(statement, 200)}", indent=2)


def show_comparison(printer: Printer, queries: list[QueryRow]) -> None:
    """Print the time of each query before and after."""
    if not queries:
        return
    printer.say("Before and after", "bold")
    rows = [
        (
            f"  {row.id}",
            line(row.name, 60),
            f"{row.calls:,}",
            f"{row.before_ms:,.1f}",
            f"{row.after_ms:,.1f}",
            factor_text(row),
        )
        for row in [*queries, total(queries)]
    ]
    head = ("", "query", "calls", "before ms", "after ms", "change")
    printer.table(head, rows, right="calls,before ms,after ms,change")


def show_alerts(printer: Printer, story: Story) -> None:
    """Print what rules wanted to be noted; nothing when there was nothing."""
    for entry in story.entries:
        rules = entry.body.get("rules") if entry.kind == "alert" else None
        if isinstance(rules, list):
            named = ", ".join(map(str, rules))
            told = f"alert: {named} on {label_of(entry.subject)} ({entry.body.get('decision')})"
            printer.say(line(told, 300), "yellow")


def show_models(printer: Printer, story: Story, store: str | None) -> None:
    """Print how often models were asked; nothing when none was."""
    asked = sum(entry.kind == "model_call" for entry in story.entries)
    if asked:
        noun = "call of a model" if asked == 1 else "calls of models"
        printer.exact(f"{asked:,} {noun}: {command('cost', story.info.run, store=store)}")


def show_effects(printer: Printer, effects: list[EffectRecord]) -> None:
    """Print what stands in the world, and what was taken back."""
    kept = [record for record in effects if record.state == "applied"]
    gone = [record for record in effects if record.state in {"undone", "undoing"}]
    open_ = [record for record in effects if record.state in {"intended", "in_doubt"}]
    for title, records in (("Kept", kept), ("Undone", gone), ("Not settled", open_)):
        if records:
            printer.say(title, "bold")
        for record in records:
            printer.say(f"{label_of(record.key)}  {_effect(record)}", indent=2)


def _effect(record: EffectRecord) -> str:
    size = record.result.get("size_bytes") if isinstance(record.result, dict) else None
    grown = f"  ({bytes_text(size)})" if isinstance(size, int | float) and size > 0 else ""
    return f"{line(statement_of(record) or action_line(record.action), 300)}{grown}"


def _next(printer: Printer, story: Story, store: str | None) -> None:
    run = story.info.run
    acted = [row for row in story.rows if row.kind == "action" and row.effect]
    printer.say("Next", "bold")
    printer.exact(f"  {command('show', run, store=store)}")
    if acted:
        printer.exact(f"  {command('why', run, acted[-1].label, store=store)}")
    if any(entry.kind == "model_call" for entry in story.entries):
        printer.exact(f"  {command('cost', run, store=store)}")
    if any(record.state == "applied" for record in story.effects):
        printer.exact(f"  {command('undo', run, '--dry-run', store=store)}")


def _is_dry(story: Story) -> bool:
    goal = story.newest("goal").get("goal")
    return isinstance(goal, dict) and goal.get("dry_run") is True
