"""`audit`: walks the hash chain of the ledger, signs its head, and exports it as proof."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from pydantic import JsonValue

from checkpoints.exports import Report, examine, heads_in
from checkpoints.exports import export as write_export
from checkpoints.signing import Head
from checkpoints.store import Store
from graphs.cli.exits import FAILED
from graphs.cli.opening import existing_store
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import bytes_text
from graphs.settings import read_signing_key
from tools.contract import canonical
from tools.errors import BadInput

FileOption = Annotated[
    Path | None,
    typer.Option(metavar="EXPORT", help="An export instead of the store; needs neither."),
]
HeadOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Heads kept elsewhere, or an export, to compare with."),
]
PublicOption = Annotated[
    str, typer.Option(metavar="KEY", help="The public key, or its fingerprint, that is trusted.")
]
ExportArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="Where it goes; - for stdout.")
]
BareOption = Annotated[
    bool, typer.Option("--no-artifacts", help="Leave out the values that entries refer to.")
]
AppendOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Append it to a file, too.")
]


def verify(
    *,
    file: FileOption = None,
    head: HeadOption = None,
    public_key: PublicOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether every entry of the ledger still is what was written.

    With --head also whether the ledger is the continuation of one whose head was kept elsewhere:
    that notices one that was rewritten as a whole. With --file an export is verified, offline.
    """
    printer = Printer(as_json)
    if file is not None:
        _verify_file(printer, file, public_key)
    kept = [] if head is None else heads_in(head)
    with existing_store(store) as memory:
        report = memory.ledger.verify()
        problems = [*report.problems, *_against(memory, kept, public_key)]
    code = FAILED if problems else 0
    told: dict[str, JsonValue] = {"problems": [*problems], "compared_heads": len(kept)}
    printer.document(report.to_json() | told | {"intact": not problems, "exit_code": code})
    _say_problems(printer, "The record was changed", problems)
    if not problems:
        printer.say(f"{report.entries:,} entries, unbroken.", "green")
    if kept and not problems:
        printer.say(f"It goes on from {_count(len(kept), 'head')} kept elsewhere.", "green")
    printer.exact(f"head {report.head}")
    if not kept:
        printer.say("`surefoot audit head` signs it, to be kept elsewhere.", "dim")
    raise typer.Exit(code)


def export(
    file: ExportArgument,
    *,
    no_artifacts: BareOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole ledger into one file that proves itself, signed by SUREFOOT_SIGNING_KEY.

    It can be read by whoever has it, also when the store is encrypted.
    """
    printer = Printer(as_json)
    key = read_signing_key()
    with existing_store(store) as memory, _opened(file) as to:
        write_export(memory, to, now=datetime.now(UTC), key=key, artifacts=not no_artifacts)
    if str(file) == "-":
        return
    report = examine(file)
    code = FAILED if report.problems else 0
    size = file.stat().st_size
    printer.document(report.to_json() | {"bytes": size, "exit_code": code})
    printer.say(f"{file}: {_told(report)}, {bytes_text(size)}.")
    _say_problems(printer, "The record was changed before it was exported", report.problems)
    _say_signer(printer, report)
    raise typer.Exit(code)


def head(
    *, append: AppendOption = None, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Print the signed head of the ledger, to be kept where nobody can change it.

    One line of JSON; signed by SUREFOOT_SIGNING_KEY.
    """
    key = read_signing_key()
    if not key:
        raise BadInput(
            "There is no key to sign with.",
            advice="`surefoot key new --signing` prints one; set SUREFOOT_SIGNING_KEY to it.",
        )
    with existing_store(store) as memory:
        seq, newest = memory.ledger.head()
    signed = Head(seq=seq, hash=newest, at=datetime.now(UTC)).signed_with(key)
    line = canonical({"head": signed.to_json()}) + "\n"
    if append is not None:
        with append.open("a") as kept:
            kept.write(line)
    Printer(as_json).document({"head": signed.to_json(), "exit_code": 0})
    if not as_json:
        sys.stdout.write(line)


def _verify_file(printer: Printer, file: Path, trusted: str) -> None:
    report = examine(file, trusted=trusted)
    code = FAILED if report.problems else 0
    printer.document(report.to_json() | {"intact": not report.problems, "exit_code": code})
    _say_problems(printer, "The export was changed", report.problems)
    if not report.problems:
        printer.say(f"{_told(report)}, as they were exported at {report.at}.", "green")
    printer.exact(f"head {report.head}")
    _say_signer(printer, report)
    raise typer.Exit(code)


def _against(memory: Store, kept: list[Head], trusted: str) -> Iterator[str]:
    """Yield why the ledger is not a continuation of one with these heads."""
    for one in kept:
        wrong = one.problem(trusted=trusted)
        if wrong:
            yield wrong
        found = memory.ledger.raw(after=one.seq - 1, limit=1) if one.seq else []
        if one.seq and not found:
            yield f"the head kept elsewhere is of entry {one.seq}, which the ledger does not have"
        elif one.seq and found[0]["hash"] != one.hash:
            yield f"entry {one.seq} is another than the head kept elsewhere: it was rewritten"


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """Make a file for its owner only, that is there only when it is whole.

    Raises:
        BadInput: There is one already, or it cannot be made.
    """
    if str(file) == "-":
        yield sys.stdout.buffer
        return
    if file.exists():
        raise BadInput(f"{str(file)!r} is there already.", advice="Name another file.")
    part = file.with_name(f".{file.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as to:
            yield to
        part.rename(file)
    except OSError as fault:
        raise BadInput(f"{str(file)!r} cannot be written: {fault.strerror}.") from fault
    finally:
        part.unlink(missing_ok=True)


def _say_problems(printer: Printer, what: str, problems: "tuple[str, ...] | list[str]") -> None:
    if problems:
        printer.say(f"{what}: {_count(len(problems), 'problem')}.", "bold red")
    for problem in problems:
        printer.say(f"- {problem}", indent=2)


def _say_signer(printer: Printer, report: Report) -> None:
    if report.signer:
        printer.say(f"signed by {report.signer}; compare it with the key that you trust", "dim")
    else:
        printer.say("Not signed: whoever wrote it anew as a whole would not be noticed.", "yellow")


def _told(report: Report) -> str:
    gone = f" ({report.gone:,} more are gone)" if report.gone else ""
    return f"{_count(report.entries, 'entry')} and {_count(report.artifacts, 'value')}{gone}"


def _count(number: int, noun: str) -> str:
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else many}"
