"""The one reader of `surefoot.toml` and of the environment; the environment wins."""

import getpass
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError, field_validator

from checkpoints.limits import Retention
from graphs.misfits import misfit
from graphs.models import ROLES, ModelSettings
from graphs.workspace.settings import ToolSettings, WorkspaceSettings
from nodes.guards.budget import Budget
from tools.contract import Record
from tools.errors import BadInput

FILE = "surefoot.toml"
PREFIX = "SUREFOOT_"
KEY = "SUREFOOT_KEY"
SIGNING_KEY = "SUREFOOT_SIGNING_KEY"
TABLES = ("budget", "models", "retention", "tools", "workspace")
"""Settings that are tables of the file."""
MODEL_NAMES = ("model", "base_url", "key_env", *ROLES)
"""What of the `[models]` table the environment may say, e.g. `SUREFOOT_DECIDER`."""


def _user() -> str:
    """Return who runs this process; containers may have a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class Settings(Record):
    """How Surefoot runs here."""

    store: str = "sqlite:///surefoot.db"
    """Where runs, approvals and the ledger are kept."""
    policy: str = ""
    """Policy file; empty for the domain's own."""
    reviewer: str = Field(default_factory=_user)
    """To whom answers from this machine are attributed."""
    offer_hours: float = Field(default=168.0, gt=0)
    """How long a question, and the approval that answers it, stays valid."""
    database: str = ""
    """For LangGraph Server only: the database of the graph `database`."""
    workload: str = ""
    """For LangGraph Server only: its workload."""
    trace_content: bool = False
    """Whether traces show arguments, results and reasons, redacted."""
    trace_redact: tuple[str, ...] = ()
    """Regular expressions of what traces must not show, besides keys, tokens and passwords."""
    budget: Budget = Budget()
    models: ModelSettings = ModelSettings()
    """Which models think; none means the domain's playbook."""
    tools: ToolSettings = ToolSettings()
    """What the workspace agent may use."""
    workspace: WorkspaceSettings = WorkspaceSettings()
    """What it must leave alone, and what tells that it is done."""
    retention: Retention = Retention()
    """What `surefoot prune` keeps of ended runs; nothing goes by itself."""

    @field_validator("trace_redact", mode="before")
    @classmethod
    def _one_pattern(cls, given: object) -> object:
        """Take the environment's text as one pattern."""
        return (given,) if isinstance(given, str) else given


def read_settings(
    *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings of a folder.

    Args:
        folder: Where `surefoot.toml` may stand; the working folder when None.
        environment: `SUREFOOT_STORE`, `SUREFOOT_POLICY`, ...; the process's when None.

    Raises:
        BadInput: The file is not TOML, or a setting is unknown or of the wrong kind.
    """
    path = (folder or Path.cwd()) / FILE
    env = os.environ if environment is None else environment
    try:
        stored = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise BadInput(f"{path} cannot be read as TOML: {fault}.") from fault
    names = [name for name in Settings.model_fields if name not in TABLES]
    given: dict[str, object] = _from(env, names)
    models = _from(env, [*MODEL_NAMES])
    table = stored.get("models", {})
    if models and isinstance(table, dict):
        given["models"] = {**table, **models}
    try:
        return Settings.model_validate(stored | given)
    except ValidationError as fault:
        raise misfit(Settings, fault) from fault


def read_key(environment: Mapping[str, str] | None = None) -> str:
    """Return what stores are sealed with, which stands in the environment and nowhere else.

    Args:
        environment: `SUREFOOT_KEY`; the process's when None.
    """
    return (os.environ if environment is None else environment).get(KEY, "")


def read_signing_key(environment: Mapping[str, str] | None = None) -> str:
    """Return what heads are signed with, from `SUREFOOT_SIGNING_KEY`; see `read_key`."""
    return (os.environ if environment is None else environment).get(SIGNING_KEY, "")


def _from(env: Mapping[str, str], names: Sequence[str]) -> dict[str, object]:
    """Return what the environment says of these settings."""
    return {name: env[PREFIX + name.upper()] for name in names if env.get(PREFIX + name.upper())}
