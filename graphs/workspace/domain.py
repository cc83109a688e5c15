"""The workspace domain: the tools of the settings, its policy, its checks, a runbook if any."""

import uuid
from importlib.resources import files
from pathlib import Path

from checkpoints.store import Store
from graphs.domain import Domain
from graphs.workspace.checks import WorkspaceChecks
from graphs.workspace.metrics import metrics_of
from graphs.workspace.playbook import RunbookPlaybook
from graphs.workspace.proof import success_checks
from graphs.workspace.runbook import Runbook, parse_runbook
from graphs.workspace.settings import ToolSettings, WorkspaceSettings
from graphs.workspace.toolset import Opened, Toolset, make_tools
from nodes.context import Decider
from nodes.glue.programs import RunbookPrograms
from nodes.state import Boundaries
from tools.contract import JsonObject
from tools.errors import BadInput
from tools.mcp.family import pin_servers
from tools.mcp.pins import Pins
from tools.policy import Policy

POLICY = Path(__file__).with_name("policy.toml")
CONSTRAINTS = ("Files that must not change are as they were: {globs}.",)


def workspace_settings(
    store: Store,
    *,
    tools: ToolSettings,
    workspace: WorkspaceSettings,
    runbook: str = "",
    policy: Policy | None = None,
) -> JsonObject:
    """Return what a later process needs to open the same domain.

    Args:
        store: Keeps the texts of policy and runbook, so that a run goes on with what it began with.
        tools: With absolute paths.
        workspace: What must stay, and what proves success.
        runbook: The text of a runbook; empty for none.
        policy: Rules; the domain's own when None.

    Raises:
        BadInput: There are no tools, or an MCP server has not what the settings name.
        ToolFault: An MCP server cannot be started or asked.
    """
    if tools.is_empty:
        raise BadInput(
            "An agent without tools can do nothing.",
            advice="Name some in the [tools] table of surefoot.toml; docs/tools.md shows how.",
        )
    chosen = policy or Policy.from_file(POLICY)
    return {
        "tools": tools.to_json(),
        "workspace": workspace.to_json(),
        "runbook": store.artifacts.put(runbook) if runbook else "",
        "policy": store.artifacts.put(chosen.text),
        "pins": store.artifacts.put(pin_servers(tools.mcp).to_json()),
        "worktree": f"run-{uuid.uuid4().hex[:8]}",
    }


def workspace_domain(settings: JsonObject, store: Store) -> Domain:
    """Open the domain from the settings that a run keeps."""
    rules = WorkspaceSettings.model_validate(settings["workspace"])
    opened = Opened(
        store=store,
        pins=Pins.model_validate(store.artifacts.get(str(settings["pins"]))),
        worktree=str(settings["worktree"]),
        proof=rules.success,
    )
    toolset = make_tools(ToolSettings.model_validate(settings["tools"]), opened)
    text = _text(store, settings["runbook"]) if settings["runbook"] else ""
    runbook = parse_runbook(text, source="runbook of the run") if text else None
    playbook = RunbookPlaybook(runbook, toolset.tools)
    return Domain(
        name="workspace",
        tools=toolset.tools,
        policy=Policy.from_toml(_text(store, settings["policy"]), source="policy of the run"),
        checks=_checks(toolset, rules),
        planner=playbook,
        decider=_decider(runbook, playbook, store),
        boundaries=Boundaries(),
        settings=settings,
        instructions=files("graphs.workspace") / "instructions.md",
        words=(text, runbook.said) if runbook else (),
        protected=rules.protected,
        constraints=tuple(
            one.format(globs=", ".join(rules.unchanged)) for one in CONSTRAINTS if rules.unchanged
        ),
    )


def _decider(runbook: Runbook | None, playbook: RunbookPlaybook, store: Store) -> Decider:
    """Return the playbook, or what follows the runbook's programs beside it."""
    if runbook is None or not runbook.programs:
        return playbook
    from nodes.glue.decider import GlueDecider  # noqa: PLC0415  # few runbooks have programs

    return GlueDecider(RunbookPrograms(runbook.programs), store, playbook)


def _checks(toolset: Toolset, rules: WorkspaceSettings) -> WorkspaceChecks:
    workspace = toolset.workspace
    workshop = workspace.workshop if workspace else None
    success = success_checks(workshop, rules.success)
    metrics = metrics_of(workshop, rules.metrics)
    if workspace is None:
        return WorkspaceChecks(
            root=None, unchanged=rules.unchanged, success=success, metrics=metrics
        )
    return WorkspaceChecks(
        root=workspace.root,
        unchanged=rules.unchanged,
        success=success,
        metrics=metrics,
        skip=lambda name: bool(workspace.guard.denies(name)),
    )


def _text(store: Store, ref: object) -> str:
    return str(store.artifacts.get(str(ref)))
