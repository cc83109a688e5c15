"""The options that several commands share, spelled and explained once."""

from pathlib import Path
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
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0,
        metavar="SECONDS",
        help="Wait so long for another that works on the run; inf: as long as it takes.",
        show_default=False,
    ),
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Name of a run; its beginning suffices.")
]
ItemArgument = Annotated[
    str, typer.Argument(metavar="ITEM", help="Id of a question; its beginning suffices.")
]
GoalArgument = Annotated[
    str, typer.Argument(metavar="GOAL", help="What is to be reached, in words.")
]
DatabaseOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The SQLite database.", show_default=False)
]
WorkloadOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A .sql file of the queries that matter.", show_default=False
    ),
]
RunbookOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Steps and actions in TOML, instead of a model.", show_default=False
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Plan and predict, change nothing.")]
ReviewPlanOption = Annotated[
    bool, typer.Option("--review-plan", help="Ask a person before the plan starts.")
]
GrantOption = Annotated[
    list[str] | None,
    typer.Option(
        "--grant",
        metavar="TOOL",
        help="Do not ask about what TOOL does for good, as long as you named all that it acts on.",
        show_default=False,
    ),
]
FollowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--follow",
        metavar="TOOL",
        help="Let a text that the goal says to follow decide about TOOL; you are still asked.",
        show_default=False,
    ),
]
PolicyOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Rules instead of the built-in ones.")
]
SecondsOption = Annotated[
    float | None, typer.Option(min=0, metavar="N", help="Working time at most.")
]
EffectsOption = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Changes to the world at most.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="RUN", help="Name of the run. [made up]")
]
