"""`tools`: what the configured tools may do; `tools check`: attacks those of a file."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checkpoints.store import open_store
from graphs.cli.exits import FAILED
from graphs.cli.live import watching
from graphs.cli.options import JsonOption
from graphs.cli.printing import Printer
from graphs.render.text import line
from graphs.settings import read_settings
from tools.contract import EffectClass, JsonObject, Tool, canonical
from tools.errors import BadInput
from tools.mcp.family import pin_servers
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from graphs.proving.findings import Finding, Proof

_HOW: Mapping[EffectClass, str] = {
    "read": "changes nothing",
    "reversible": "can be undone",
    "irreversible": "cannot be undone; a person is asked",
}


def overview(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List what the tools of surefoot.toml may do, touch and undo."""
    if context.invoked_subcommand is not None:
        return
    printer = Printer(as_json)
    with _configured() as tools:
        printer.document({"tools": [_document(tool) for tool in tools.values()]})
        if not tools:
            printer.say("surefoot.toml gives an agent no tools; docs/tools.md shows how it can.")
            return
        rows = [_row(tool) for tool in tools.values()]
        printer.table(("tool", "effect", "what decides", "what it does"), rows)
        for bounds, names in _by_bounds(tools).items():
            printer.say()
            printer.say(f"What holds {', '.join(names)}", "bold")
            for bound in bounds:
                printer.say(f"- {bound}", indent=2)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a tool.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one tool with its arguments.

    Raises:
        BadInput: surefoot.toml gives an agent no such tool.
    """
    printer = Printer(as_json)
    with _configured() as tools:
        if name not in tools:
            known = ", ".join(tools) or "none"
            raise BadInput(f"There is no tool {name!r}.", advice=f"The tools: {known}.")
        tool = tools[name]
        printer.document(_document(tool))
        printer.say(f"{tool.name}, {tool.effect}: {_HOW[tool.effect]}", "bold")
        printer.say(tool.description, indent=2)
        rows = [
            (f"  {field}", _role(tool, field), "" if info.is_required() else f"{info.default!r}")
            for field, info in tool.args_schema.model_fields.items()
        ]
        printer.table(("  argument", "is", "default"), rows)
        for bound in tool.bounds():
            printer.say(f"- {bound}", indent=2)


@contextmanager
def _configured() -> Iterator[Toolbox]:
    """Lend the tools of the settings, with a store that is thrown away."""
    from graphs.workspace.toolset import Opened, make_tools  # noqa: PLC0415  # loads the tools

    settings = read_settings().tools.under(Path.cwd())
    with (
        tempfile.TemporaryDirectory(prefix="surefoot-tools-") as scratch,
        open_store(f"sqlite:///{scratch}/store.db") as store,
    ):
        opened = Opened(store=store, pins=pin_servers(settings.mcp), worktree="look")
        yield make_tools(settings, opened).tools


def _document(tool: Tool) -> JsonObject:
    told: JsonObject = {
        "authority": [*sorted(tool.authority)],
        "content": [*sorted(tool.content)],
        "output": tool.output_trust,
        "bounds": [*tool.bounds()],
    }
    return tool.card().to_json() | told


def _row(tool: Tool) -> tuple[str, ...]:
    decides = ", ".join(sorted(tool.authority))
    return tool.name, tool.effect, decides, line(tool.description, 100)


def _role(tool: Tool, field: str) -> str:
    return "decides, must be trusted" if field in tool.authority else "carried"


def _by_bounds(tools: Toolbox) -> dict[tuple[str, ...], list[str]]:
    """Return the names of tools by what holds them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for tool in tools.values():
        found.setdefault(tool.bounds(), []).append(tool.name)
    return found


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
    from graphs.proving.loading import specimens_in  # noqa: PLC0415  # loads what acts
    from graphs.proving.proof import prove  # noqa: PLC0415  # the same

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


def _outcome(proof: "Proof") -> str:
    failed = [name for name, count in proof.trials.items() if count]
    return f"failed: {', '.join(failed)}" if failed else f"all {len(proof.trials)} hold"


def _told(finding: "Finding") -> str:
    shown = f" with {canonical(finding.args)}" if finding.args is not None else ""
    return line(f"{finding.trial}: {finding.what}{shown}", 400)
