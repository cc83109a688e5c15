"""`tools check`: tries and attacks the tools of a file before an agent gets them."""

from pathlib import Path
from typing import Annotated

import typer

from graphs.cli.exits import FAILED
from graphs.cli.live import watching
from graphs.cli.options import JsonOption
from graphs.cli.printing import Printer
from graphs.proving.findings import Finding, Proof
from graphs.proving.loading import specimens_in
from graphs.proving.proof import prove
from graphs.render.text import line
from tools.contract import canonical

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A Python file that defines specimens; it is run.")
]
PointsOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="At how many lines an action is killed.")
]


def check(
    file: FileArgument,
    *,
    points: PointsOption = 25,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME", help="One tool or specimen.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Try and attack each tool that a file shows in a specimen, and say what fails.

    Wrong arguments, escapes, previews that lie, kills between any two lines, undo after a change.
    """
    printer = Printer(as_json)
    kinds = specimens_in(file)
    with watching(printer, "Trying ..."):
        proofs = [prove(kind, points=points) for kind in kinds if only in (None, kind.__name__)]
    holds = bool(proofs) and all(proof.holds for proof in proofs)
    code = 0 if holds else FAILED
    told = [one.to_json() for one in proofs]
    printer.document({"file": str(file), "holds": holds, "exit_code": code, "tools": [*told]})
    rows = [(one.title, one.effect, _outcome(one), f"{one.seconds:.1f}") for one in proofs]
    printer.table(("tool", "effect", "trials", "s"), rows)
    for proof in proofs:
        for finding in proof.findings:
            printer.say(f"{proof.title}: {_told(finding)}", "red")
    raise typer.Exit(code)


def _outcome(proof: Proof) -> str:
    failed = [name for name, count in proof.trials.items() if count]
    return f"failed: {', '.join(failed)}" if failed else f"all {len(proof.trials)} hold"


def _told(finding: Finding) -> str:
    shown = f" with {canonical(finding.args)}" if finding.args is not None else ""
    return line(f"{finding.trial}: {finding.what}{shown}", 400)
