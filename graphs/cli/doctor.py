"""`doctor`: says whether everything is there, and which models answer at which price."""

from typing import TYPE_CHECKING, Annotated

import typer

from graphs.cli.exits import FAILED
from graphs.cli.opening import settings_for
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import line

if TYPE_CHECKING:
    from graphs.cli.diagnosis import Diagnosis, ModelHealth


def doctor(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no model; look at this machine only.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether everything works: versions, store, sandbox, models, prices, keys.

    Tries to get out of the sandbox that programs are run in. Asks each configured model one tiny
    question, which may cost a fraction of a cent.
    """
    from graphs.cli.diagnosis import diagnose  # noqa: PLC0415  # loads LangChain

    printer, settings = Printer(as_json), settings_for(store)
    found = diagnose(settings, offline=offline)
    code = 0 if found.well else FAILED
    printer.document(found.to_json() | {"well": found.well, "exit_code": code})
    _show(printer, found)
    raise typer.Exit(code)


def _show(printer: Printer, found: "Diagnosis") -> None:
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    printer.say(versions)
    trouble = found.store_problem
    printer.say(f"store {found.store}: {trouble or 'works'}", "red" if trouble else "green")
    _show_sandboxes(printer, found)
    if not found.models:
        printer.say("No model is configured: the playbook plans and decides.")
        return
    head = ("role", "model", "key", "price per million", "answers", "form", "s")
    printer.table(head, [_row(item) for item in found.models])
    for item in found.models:
        if item.problem:
            printer.say(f"{item.role}, {item.model}: {item.problem}", "red")


def _show_sandboxes(printer: Printer, found: "Diagnosis") -> None:
    from tools.sandbox.choice import ADVICE  # noqa: PLC0415  # loads what no other command needs

    for item in found.sandboxes:
        if item.in_use:
            ways = f"none of {len(item.held)} ways out was found in {item.seconds:.1f} s"
            printer.say(f"sandbox {item.name} ({item.detail}): {ways}", "green")
            printer.say(f"found at {item.place}", "dim", indent=2)
            printer.say(f"tried {', '.join(item.held)}", "dim", indent=2)
        else:
            out = "; ".join(f"{name}: {what}" for name, what in item.got_out.items())
            printer.say(f"sandbox {item.name} ({item.place}): {item.problem or out}", "red")
    if found.sandbox is None:
        colour = "red" if found.needs_sandbox else "yellow"
        printer.say(f"No sandbox holds here, so no program is ever run. {ADVICE}", colour)


def _row(item: "ModelHealth") -> tuple[str, ...]:
    return (
        item.role,
        line(item.model, 60),
        _key(item),
        _price(item),
        "not asked" if item.answers is None else "yes" if item.answers else "no",
        item.form,
        f"{item.seconds:.1f}" if item.seconds is not None else "",
    )


def _key(item: "ModelHealth") -> str:
    if not item.key_env:
        return "none needed"
    return f"{item.key_env} {'is set' if item.key_set else 'is missing'}"


def _price(item: "ModelHealth") -> str:
    if item.usd_in is None or item.usd_out is None:
        return "unknown"
    return f"${item.usd_in:g} in, ${item.usd_out:g} out ({item.price})"
