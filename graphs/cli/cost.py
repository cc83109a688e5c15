"""`cost`: what the models of a run cost, by role and model, and what was saved."""

from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, RunArgument, StoreOption
from graphs.cli.printing import Printer
from graphs.render.cost import Cost, Line, cost_of
from graphs.render.text import line


def cost(run: RunArgument, *, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Show money, tokens and calls of a run's models, and what was saved."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        found = cost_of(memory, run)
    printer.document(found.to_json() | {"exit_code": 0})
    if not found.lines:
        printer.say(f"No model was asked in {found.run}: it was planned and decided without one.")
        return
    head = ("role", "model", "calls", "answers", "failed", "saved", "tokens", "usd")
    rows = [_row(item) for item in found.lines]
    printer.table(head, rows, right="calls,answers,failed,saved,tokens,usd")
    _totals(printer, found)


def _row(item: Line) -> tuple[str, ...]:
    return (
        item.role,
        line(item.model, 60),
        f"{item.calls:,}",
        f"{item.answered:,}",
        f"{item.unusable + item.failed + item.not_made:,}",
        f"{item.cached + item.shared:,}",
        f"{item.tokens:,}",
        f"{item.usd:.6f}",
    )


def _totals(printer: Printer, found: Cost) -> None:
    printer.say()
    printer.say(f"${found.usd:.6f} of ${found.max_usd:g}, {found.calls:,} calls", "bold")
    printer.say(f"{found.tokens:,} of {found.max_tokens:,} tokens")
    if found.open_calls:
        printer.say(
            f"{found.open_calls:,} of the calls have no known end and count at their upper bound",
            "yellow",
        )
    saved = f"{found.cached:,} answers from the cache, {found.shared:,} shared with another call"
    printer.say(f"saved: {saved}")
    if found.first_candidate:
        printer.say(f"cascade: {found.first_candidate:,} answers from the first, cheaper candidate")
    if found.degraded:
        printer.say(f"degraded {found.degraded:,} times; `surefoot show {found.run}` says why")
