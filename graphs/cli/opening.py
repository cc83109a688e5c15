"""Opens the store and the agent that a command needs, and closes them again."""

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checkpoints.store import Store, open_store
from graphs.settings import Settings, read_key, read_settings
from tools.errors import BadInput

if TYPE_CHECKING:
    from graphs.session import Run

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def settings_for(store: str | None) -> Settings:
    """Return the settings here, with the store that an option names.

    Raises:
        BadInput: `surefoot.toml` or the environment cannot be used.
    """
    found = read_settings()
    return found if store is None else found.model_copy(update={"store": store})


@contextmanager
def existing_store(store: str | None) -> Iterator[Store]:
    """Open a store that is there already: looking something up must not make an empty one.

    Raises:
        BadInput: There is none.
    """
    url = existing_url(store)
    with open_store(url, key=read_key()) as opened:
        yield opened


def existing_url(store: str | None) -> str:
    """Return the URL of a store that is there already.

    Raises:
        BadInput: There is none.
    """
    url = settings_for(store).store
    prefix, _, path = url.partition(":///")
    if prefix == "sqlite" and path and not Path(path).exists():
        raise BadInput(
            f"There is no store {url!r} yet.",
            advice="`surefoot run` makes one; --store URL or SUREFOOT_STORE names another.",
        )
    return url


def open_run(memory: Store, run: str, store: str | None) -> "Run":
    """Return the handle of a stored run, with its agent assembled again.

    Raises:
        UnknownRun: No such run.
        BadInput: What the run worked on is gone.
    """
    from graphs.assembly import reopen  # noqa: PLC0415  # loads LangGraph, for those who act

    info = memory.runs.get(run)
    return reopen(memory, info.run, settings=settings_for(store)).open(info.run)


def check_name(name: str) -> str:
    """Return a name for a run that fits on a command line and in `RUN:STEP`.

    Raises:
        BadInput: It does not.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be the name of a run.",
            advice="Use up to 80 letters, digits, dots, dashes and underscores.",
        )
    return name


def command(*words: str, store: str | None) -> str:
    """Return a command line that a reader can copy."""
    where = [] if store is None else ["--store", store]
    return shlex.join(["surefoot", *words, *where])


def can_ask(*, no_input: bool, as_json: bool) -> bool:
    """Tell whether a person sits at this terminal and may be asked."""
    return not (no_input or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
