"""The options that several commands share, spelled and explained once."""

from typing import Annotated

import typer

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Where runs are kept. [SUREFOOT_STORE, surefoot.toml, sqlite:///surefoot.db]",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else.")
]
NoInputOption = Annotated[
    bool, typer.Option("--no-input", help="Never ask here; leave questions in the inbox.")
]
MessageOption = Annotated[
    str, typer.Option("--message", "-m", help="Words for the agent and the record.")
]
ReviewerOption = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who answers. [the user of this machine]")
]
NoResumeOption = Annotated[
    bool, typer.Option("--no-resume", help="Only keep the answer; `surefoot resume` goes on later.")
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Name of a run; its beginning suffices.")
]
ItemArgument = Annotated[
    str, typer.Argument(metavar="ITEM", help="Id of a question; its beginning suffices.")
]
