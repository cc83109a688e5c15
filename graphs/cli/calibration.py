"""`calibration`: how well confidence foretold people's answers, and what that could spare."""

from typing import Annotated

import typer

from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.calibration import Kind, Measured, calibration_of, to_document

WIDTH = 30
"""Characters of a bar that stands for everything."""
AlphaOption = Annotated[
    float,
    typer.Option(min=0.001, max=0.5, help="Share of rejections that is bearable; see `learned`."),
]


def calibration(
    *, alpha: AlphaOption = 0.05, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Show how well confidence foretold people's answers, and which questions that could spare."""
    printer = Printer(as_json)
    with existing_store(store) as memory:
        kinds = calibration_of(memory, alpha=alpha)
    printer.document(to_document(kinds, alpha) | {"exit_code": 0})
    if not kinds:
        printer.say(
            "Nobody has answered a question about an action yet: there is nothing to learn."
        )
    for kind in kinds:
        _show(printer, kind, alpha)


def _show(printer: Printer, kind: Kind, alpha: float) -> None:
    share = kind.approved / kind.answers
    printer.say()
    printer.say(f"{kind.tool}: {kind.answers:,} answers that count", "bold")
    printer.say(
        f"approved {share:.0%} (95 %: {kind.approved_low:.0%} to {kind.approved_high:.0%})",
        indent=2,
    )
    _bars(printer, "the decider's own confidence", kind.said)
    if kind.weights:
        _bars(printer, "the learned probability", kind.learned)
        weights = ", ".join(f"{name} {value:+.1f}" for name, value in kind.weights.items())
        printer.say(f"it goes by {weights}", indent=2)
    if kind.threshold is None:
        text = f"always asked; the threshold is looked at with {kind.next_look:,} answers"
    else:
        text = (
            f"from {kind.threshold:.2f} on at most {kind.bound:.1%} are rejected: a rule with "
            f"`learned = {alpha:g}` spares {kind.spared:.0%} of such questions"
        )
    printer.say(text, "green" if kind.threshold is not None else "", indent=2)
    if kind.resets:
        printer.say(f"people's answers changed {kind.resets} times; it began anew", indent=2)


def _bars(printer: Printer, name: str, measured: Measured) -> None:
    """Print a reliability diagram: what was said, and the share that was approved."""
    printer.say(
        f"{name}: Brier {measured.brier:.3f}, calibration error {measured.calibration_error:.3f}",
        indent=2,
    )
    for low, high, count, said, came in measured.bins:
        filled = round(came * WIDTH)
        mark = min(round(said * WIDTH), WIDTH - 1)
        bar = "".join("|" if at == mark else "█" if at < filled else "·" for at in range(WIDTH))
        printer.say(f"{low:.1f}-{high:.1f} {bar} {came:.0%} of {count:,}", indent=4)
