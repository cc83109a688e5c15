"""`replay`: runs again with answers from a cassette, and with no network."""

from pathlib import Path
from typing import Annotated

import typer

from graphs.cli.opening import can_ask, settings_for
from graphs.cli.options import (
    DatabaseOption,
    GoalArgument,
    JsonOption,
    NameOption,
    NoInputOption,
    PolicyOption,
    StoreOption,
    WorkloadOption,
)
from graphs.cli.printing import Printer
from graphs.cli.starting import Job, start
from graphs.cli.subjects import subject_of
from graphs.models import ModelSettings


def replay(  # noqa: PLR0913  # one parameter for each option of the command
    cassette: Annotated[Path, typer.Argument(metavar="CASSETTE", help="What `run --record` kept.")],
    objective: GoalArgument,
    *,
    database: DatabaseOption = None,
    workload: WorkloadOption = None,
    policy: PolicyOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    no_input: NoInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run with the answers of a cassette, and with no network.

    The database is really worked on: give it a copy. Measured times may differ from the recorded
    ones; a request that differs in anything else ends with exit code 2 and shows how.
    """
    from nodes.models.cassette import Cassette  # noqa: PLC0415  # loads LangChain
    from nodes.models.tape import taped_roles  # noqa: PLC0415  # the same

    roles = taped_roles(Cassette(cassette))
    models = ModelSettings.model_validate({"roles": roles, "replay": str(cassette.resolve())})
    settings = settings_for(store).model_copy(update={"models": models})
    subject = subject_of(database, workload, None, settings)
    job = Job(objective=objective, subject=subject, policy=policy)
    asks = can_ask(no_input=no_input, as_json=as_json)
    start(Printer(as_json), settings, job, name=name, store=store, asks=asks)
