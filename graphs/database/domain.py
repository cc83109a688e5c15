"""The database domain: its tools, its policy, its checks, its instructions, its playbook."""

from importlib.resources import files
from pathlib import Path

from checkpoints.store import Store
from graphs.database.checks import DatabaseChecks
from graphs.database.ownership import Ownership
from graphs.database.playbook import DatabasePlaybook
from graphs.domain import Domain
from nodes.state import Boundaries
from tools.contract import JsonObject, Tool
from tools.database.analyze import Analyze
from tools.database.connection import Database
from tools.database.drops import DropIndex, DropOwnIndex
from tools.database.indexes import CreateIndex
from tools.database.reads import Explain, InspectSchema, ProfileWorkload
from tools.database.simulate import SimulateIndexes, SuggestIndexes
from tools.database.workload import Workload, parse_workload, read_workload
from tools.errors import BadInput
from tools.policy import Policy
from tools.toolbox import Toolbox

POLICY = Path(__file__).with_name("policy.toml")
CONSTRAINTS = (
    "Tables, views and triggers are as they were.",
    "Indexes are as they were, but for those that this run made or was allowed to drop.",
    "Every table has the rows that it had, with the same content.",
    "Every query of the workload returns what it returned.",
)
BOUNDARIES = Boundaries(resources=("database:main", "table:*", "index:*"))


def database_settings(
    store: Store, *, database: Path, workload: Path, policy: Policy | None = None
) -> JsonObject:
    """Read the user's files once and keep what a later process needs.

    The texts of workload and policy are kept in the store, so that a run resumed days later goes
    on with what it started with, whatever became of the files.

    Raises:
        BadInput: A file is missing or cannot be used.
    """
    chosen = policy or Policy.from_file(POLICY)
    if not database.exists():
        raise BadInput(
            f"There is no database {str(database)!r}.", advice="Give the path of a SQLite file."
        )
    read_workload(workload)
    return {
        "database": str(database.resolve()),
        "workload": store.artifacts.put(workload.read_text("utf-8")),
        "policy": store.artifacts.put(chosen.text),
    }


def database_domain(settings: JsonObject, store: Store) -> Domain:
    """Open the domain from the settings that a run keeps."""
    database = Database(Path(str(settings["database"])))
    workload = parse_workload(_text(store, settings["workload"]))
    ownership = Ownership(store=store, database=str(settings["database"]))
    return Domain(
        name="database",
        tools=Toolbox(_tools(database, workload, ownership)),
        policy=Policy.from_toml(_text(store, settings["policy"]), source="policy of the run"),
        checks=DatabaseChecks(
            database=database, workload=workload, effects_of=store.journal.of_run
        ),
        planner=DatabasePlaybook(),
        decider=DatabasePlaybook(),
        boundaries=BOUNDARIES,
        settings=settings,
        instructions=files("graphs.database") / "instructions.md",
        constraints=CONSTRAINTS,
    )


def _text(store: Store, ref: object) -> str:
    return str(store.artifacts.get(str(ref)))


def _tools(database: Database, workload: Workload, ownership: Ownership) -> list[Tool]:
    return [
        InspectSchema(database, workload),
        ProfileWorkload(database, workload),
        Explain(database, workload),
        SuggestIndexes(database, workload),
        SimulateIndexes(database, workload),
        CreateIndex(database, workload, dropper=ownership.dropper),
        DropOwnIndex(database, workload, owns=ownership.owns),
        DropIndex(database, workload),
        Analyze(database),
    ]
