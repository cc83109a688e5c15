"""Puts the commands together, and turns every foreseeable fault into one calm message."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from graphs.cli import (
    audit,
    calibration,
    cost,
    demo,
    doctor,
    fork,
    key,
    policy,
    prune,
    replay,
    reviews,
    run,
    runs,
    sampling,
    tools,
    undo,
    waivers,
)
from graphs.cli.exits import INTERRUPTED, epilog
from graphs.cli.printing import Printer
from tools.errors import SurefootError

HELP = """An autonomous agent whose safety does not depend on its model.

It plans, decides, acts through reversible tools, verifies the result in the world, and asks a
person when it should. Start with `surefoot demo`.
"""


Command = Callable[..., None]

_COMMANDS: Mapping[str, Command] = {
    "run": run.run,
    "replay": replay.replay,
    "resume": run.resume,
    "inbox": reviews.inbox,
    "approve": reviews.approve,
    "reject": reviews.reject,
    "edit": reviews.edit,
    "answer": reviews.answer,
    "ls": runs.ls,
    "show": runs.show,
    "why": runs.why,
    "diff": runs.diff,
    "undo": undo.undo,
    "fork": fork.fork,
    "cost": cost.cost,
    "calibration": calibration.calibration,
    "graph": runs.graph,
    "prune": prune.prune,
    "demo": demo.demo,
    "doctor": doctor.doctor,
}
_GROUPS: Mapping[str, tuple[str, Mapping[str, Command]]] = {
    "audit": (
        "Prove that the record is whole, and look by chance at what rules let through.",
        {
            "verify": audit.verify,
            "export": audit.export,
            "head": audit.head,
            "sample": sampling.sample,
            "mark": sampling.mark,
        },
    ),
    "tools": ("Know what an agent's tools may do.", {"show": tools.show, "check": tools.check}),
    "key": ("Keys, and encryption of the store.", {"new": key.new, "rotate": key.rotate}),
    "waivers": ("What needs no question for a while.", {"revoke": waivers.revoke}),
    "policy": (
        "Try a policy before using it.",
        {"check": policy.check, "test": policy.try_out, "suggest": policy.suggest},
    ),
}
_OVERVIEWS: Mapping[str, Command] = {"tools": tools.overview, "waivers": waivers.overview}
"""What a group does when no command of it is named."""


class CalmGroup(TyperGroup):
    """A group of commands in which no foreseeable fault becomes a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # see `invoke`
        """Remember whether a program reads the output: faults are then told in JSON as well."""
        ctx.obj = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # typer brings its own click, or uses click's
        """Run the command; say what went wrong and leave with its exit code."""
        try:
            return super().invoke(ctx)
        except SurefootError as fault:
            tell_fault(fault, as_json=ctx.obj)
            raise typer.Exit(fault.exit_code) from fault
        except KeyboardInterrupt as interrupt:
            Printer().complain("Interrupted.")
            raise typer.Exit(INTERRUPTED) from interrupt


def tell_fault(fault: SurefootError, *, as_json: bool) -> None:
    """Say what happened, what was and was not changed, and what to do next."""
    Printer().complain(
        "\n".join(part for part in (fault.what, fault.changed, fault.advice) if part)
    )
    document = {"what": fault.what, "changed": fault.changed, "advice": fault.advice}
    if as_json:
        told = {"error": document, "exit_code": fault.exit_code}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")


def build_app() -> typer.Typer:
    """Return the command `surefoot`."""
    app = typer.Typer(
        cls=CalmGroup,
        name="surefoot",
        help=HELP,
        epilog=epilog(),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for name, command in _COMMANDS.items():
        app.command(name)(command)
    for name, (text, commands) in _GROUPS.items():
        overview = _OVERVIEWS.get(name)
        group = typer.Typer(
            help=text,
            no_args_is_help=overview is None,
            add_completion=False,
            rich_markup_mode=None,
        )
        if overview is not None:
            group.callback(invoke_without_command=True)(overview)
        for inner, command in commands.items():
            group.command(inner)(command)
        app.add_typer(group, name=name)
    return app
