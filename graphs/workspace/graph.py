"""The workspace agent, ready to use from Python."""

from pathlib import Path

from checkpoints.store import Store
from graphs.assembly import assemble
from graphs.models import KeptModels
from graphs.session import Agent
from graphs.settings import Settings
from graphs.workspace.domain import workspace_domain, workspace_settings
from graphs.workspace.runbook import parse_runbook, read_runbook, refuse_unfit
from tools.errors import BadInput
from tools.policy import Policy


def workspace_agent(
    *,
    store: Store,
    settings: Settings,
    runbook: Path | str | None = None,
    policy: Policy | None = None,
    folder: Path | None = None,
) -> Agent:
    """Return the agent that works with the tools of the settings.

    Args:
        store: Where runs are kept; stays the caller's to close.
        settings: Its `tools` and `workspace` say what it may do; its models think.
        runbook: A file of steps and actions; needed when there is no model.
        policy: Rules; the domain's own when None.
        folder: What paths in the settings are relative to; the working folder when None.

    Raises:
        BadInput: There are no tools, nobody to plan, or something that is named cannot be used.
    """
    if runbook is None and not settings.models.roles.any_model:
        raise BadInput(
            "There is nobody to plan: neither a model nor a runbook.",
            advice="Name a model (--model), or write the steps down (--runbook FILE).",
        )
    text = read_runbook(Path(runbook)) if runbook is not None else ""
    kept = workspace_settings(
        store,
        tools=settings.tools.under(folder or Path.cwd()),
        workspace=settings.workspace,
        runbook=text,
        policy=policy,
    )
    if settings.models.roles.any_model:
        kept["models"] = KeptModels.of(settings.models).to_json()
    domain = workspace_domain(kept, store)
    if text:
        refuse_unfit(parse_runbook(text, source=str(runbook)), domain.tools)
    return assemble(domain, store, settings=settings)
