"""`key`: makes keys, and seals what a store holds under another one."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checkpoints.signing import public_key
from checkpoints.store import open_store
from checkpoints.vault import PLAIN, new_key
from graphs.cli.opening import existing_url
from graphs.cli.options import JsonOption, StoreOption
from graphs.cli.printing import Printer
from graphs.render.text import bytes_text
from graphs.settings import KEY, SIGNING_KEY, read_key
from tools.contract import JsonObject

if TYPE_CHECKING:
    from checkpoints.rotation import Rotation

SigningOption = Annotated[bool, typer.Option("--signing", help="To sign heads of the ledger.")]
TOLD_ROWS = 10_000
"""After so many rows of a table it is told how far the rotation is."""

RemoveOption = Annotated[bool, typer.Option("--remove", help="Decrypt the store.")]


def new(*, signing: SigningOption = False, as_json: JsonOption = False) -> None:
    """Print a new key for SUREFOOT_KEY, or for SUREFOOT_SIGNING_KEY; it is kept nowhere."""
    printer = Printer(as_json)
    made, name = new_key(), SIGNING_KEY if signing else KEY
    public = public_key(made) if signing else ""
    document: JsonObject = {"variable": name, "key": made, "exit_code": 0}
    printer.document(document | ({"public_key": public} if signing else {}))
    if not as_json:
        sys.stdout.write(f"{made}\n")
    advice = "Keep it in a safe place: without it the store opens no more."
    if signing:
        advice = f"Keep it secret. Who checks needs its public half: {public}"
    printer.complain(f"For {name}. {advice}")


def rotate(
    *, remove: RemoveOption = False, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Seal everything in the store under the first key of SUREFOOT_KEY.

    Give the new key first and the old one after it, separated by a comma. A store that is not
    encrypted yet is encrypted, and decrypted with --remove. Killed at any point, the next rotation
    goes on; the store can be used throughout.
    """
    from checkpoints.rotation import rotate as seal_anew  # noqa: PLC0415  # loads LangGraph

    printer = Printer(as_json)

    def tell(table: str, done: int, total: int) -> None:
        if done == total or done % TOLD_ROWS == 0:
            printer.say(f"{table}: {done:,} of {total:,} rows", "dim")

    with open_store(existing_url(store), key=read_key(), for_sealing=True) as memory:
        done = seal_anew(memory, remove=remove, tell=tell)
    printer.document(done.to_json() | {"exit_code": 0})
    _show(printer, done)


def _show(printer: Printer, done: "Rotation") -> None:
    size = bytes_text(done.file.after_bytes)
    if done.form == PLAIN:
        printer.say(f"The store is not encrypted any more ({done.sealed:,} rows, {size}).", "green")
        printer.say("Unset SUREFOOT_KEY: a store that is not encrypted is not opened with a key.")
        return
    printer.say(
        f"Everything is sealed with the key {done.form} ({done.sealed:,} rows, {size}).", "green"
    )
    printer.say("No other key is needed any more, and none opens anything.")
