"""`audit verify`: walks the hash chain of the ledger."""

import typer

from graphs.cli.exits import FAILED
from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer


def verify(*, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Tell whether every entry of the ledger still is what was written."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        report = memory.ledger.verify()
    code = FAILED if report.problems else 0
    printer.document(report.to_json() | {"intact": not report.problems, "exit_code": code})
    if report.problems:
        printer.say(f"The record was changed: {len(report.problems)} problems.", "bold red")
        for problem in report.problems:
            printer.say(f"- {problem}", indent=2)
    else:
        printer.say(f"{report.entries} entries, unbroken.", "green")
    printer.exact(f"head {report.head}")
    printer.say("Keep the head elsewhere to notice a rewritten ledger.", "dim")
    raise typer.Exit(code)
