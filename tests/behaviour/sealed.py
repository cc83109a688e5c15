"""A run full of secrets, and where they can be found again."""

import base64
from pathlib import Path
from typing import Final

from sqlalchemy import text

from checkpoints.store import Store
from graphs.session import Run
from tests.behaviour.shelf import Clock, act, script, shelf_agent, step

KEY, OTHER = (base64.b64encode(bytes([fill] * 32)).decode() for fill in (1, 2))
SECRETS: Final = tuple(f"planted_in_{place}" for place in ("goal", "args", "world", "model", "why"))
GOAL, ARGS, WORLD, MODEL, WHY = SECRETS


def live(store: Store, folder: Path, clock: Clock) -> Run:
    """Let a run see, write, ask, say and answer secrets; it waits for a person."""
    (folder / "b").write_text(WORLD)
    decided = act("put", name="a", text=ARGS).model_copy(update={"reasoning": WHY})
    mind = script(
        step("write", "put", "look"),
        step("tidy", "take", needs=("write",)),
        write=[act("look", name="b"), decided, act("put", name="a", text="goal")],
        tidy=[act("take", name="b")],
    )
    store.model_cache.keep("k", {"said": MODEL}, seconds=1e9)
    store.artifacts.put({"large": MODEL * 100})
    return shelf_agent(store, folder, mind, clock=clock).run(f"Make a say {GOAL}", run_id="r")


def again(store: Store, folder: Path, clock: Clock) -> Run:
    """Return the run as another process opens it, which decides nothing more."""
    mind = script(step("tidy", "take", needs=("write",)))
    return shelf_agent(store, folder, mind, clock=clock).open("r")


def found_in_files(path: Path) -> set[str]:
    """Return the secrets that stand in any byte of a store's files."""
    raw = b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    return {secret for secret in SECRETS if secret.encode() in raw}


def found_on_server(store: Store) -> set[str]:
    """Return the secrets that a database server knows, as text or as bytes of any column."""
    with store.saver.writer.read() as connection:
        names = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalars()
        raw = "".join(
            row for name in names for row in _rows(connection.execute(text(f"TABLE {name}")))
        )
    return {secret for secret in SECRETS if secret in raw}


def _rows(result: object) -> list[str]:
    return [
        " ".join(
            bytes(cell).decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row
        )
        for row in result  # type: ignore[attr-defined]  # rows of any table
    ]
