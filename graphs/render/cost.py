"""What the models of a run cost: the books joined with the calls on the ledger."""

from collections.abc import Iterable, Mapping

from checkpoints.store import Store
from checkpoints.tombstones import PRUNED, Bill, Tombstone
from graphs.models import kept_models
from graphs.render.story import Story, read_story
from nodes.guards.budget import Budget
from nodes.models.roles import Roles
from tools.contract import JsonObject, Record
from tools.records import Charge, LedgerEntry


class Line(Record):
    """What one model cost in one role."""

    role: str
    model: str
    calls: int = 0
    """Calls that were, or may have been, billed."""
    open: int = 0
    """Those of them whose end is not known; they count at their upper bound."""
    tokens: int = 0
    usd: float = 0.0
    answered: int = 0
    unusable: int = 0
    """Answers that were paid for and did not fit."""
    failed: int = 0
    not_made: int = 0
    """Calls that a limit, a missing key or an unknown price forbade."""
    cached: int = 0
    """Answers that cost nothing, for they were given before."""
    shared: int = 0
    """Answers that cost nothing, for the same was being asked."""


class Cost(Record):
    """What the models of a run cost in all."""

    run: str
    lines: tuple[Line, ...] = ()
    calls: int = 0
    open_calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    max_tokens: int
    max_usd: float
    cached: int = 0
    shared: int = 0
    first_candidate: int = 0
    """Answers that the first of several candidates gave, so that no stronger one was asked."""
    degraded: int = 0
    """Times that another candidate, another form or the playbook took over."""


def cost_of(store: Store, run: str) -> Cost:
    """Read what the models of a run cost.

    Args:
        store: Where it is kept.
        run: Its name, or an unambiguous beginning of it.

    Raises:
        UnknownRun: No run, or more than one, begins so.
    """
    story = read_story(store, run)
    name = story.info.run
    asked = [entry.body for entry in story.entries if entry.kind == "model_call"]
    pruned = [bill for entry in story.entries for bill in _bills(entry)]
    lines = _lines(store.spending.of_run(name), pruned, asked)
    limits = _limits(store, story)
    return Cost(
        run=name,
        lines=lines,
        calls=sum(item.calls for item in lines),
        open_calls=sum(item.open for item in lines),
        tokens=sum(item.tokens for item in lines),
        usd=sum(item.usd for item in lines),
        max_tokens=limits.max_tokens,
        max_usd=limits.max_usd,
        cached=sum(item.cached for item in lines),
        shared=sum(item.shared for item in lines),
        first_candidate=_first(lines, kept_models(story.info.settings).roles),
        degraded=sum(entry.kind == "degraded" for entry in story.entries),
    )


def _bills(entry: LedgerEntry) -> list[Bill]:
    """Return what charges came to that were pruned."""
    return [*Tombstone.model_validate(entry.body).bills] if entry.kind == PRUNED else []


def _lines(
    charges: Iterable[Charge], pruned: Iterable[Bill], asked: Iterable[JsonObject]
) -> tuple[Line, ...]:
    found: dict[tuple[str, str], dict[str, float]] = {}

    def add(role: object, model: object, sums: Mapping[str, float]) -> None:
        line = found.setdefault((str(role), str(model)), {})
        for name, value in sums.items():
            line[name] = line.get(name, 0) + value

    for charge in charges:
        if charge.state != "released":
            booked = {"calls": 1, "tokens": charge.tokens, "usd": charge.usd}
            add(charge.role, charge.model, booked | {"open": int(charge.state == "reserved")})
    for bill in pruned:
        add(bill.role, bill.model, bill.model_dump(exclude={"role", "model"}))
    for body in asked:
        add(body.get("role"), body.get("model"), {_came(body): 1})
    return tuple(
        Line.model_validate({"role": role, "model": model, **sums})
        for (role, model), sums in sorted(found.items())
    )


def _came(body: JsonObject) -> str:
    """Return the field that counts a call."""
    if body.get("cached"):
        return "shared" if body.get("reason") == "shared" else "cached"
    return _CAME.get(str(body.get("came")), "failed")


_CAME = {"answered": "answered", "unusable": "unusable", "not made": "not_made"}


def _first(lines: Iterable[Line], roles: Roles) -> int:
    """Count the answers that made a stronger candidate unnecessary."""
    chains = {name: getattr(roles, name) for name in Roles.model_fields if name != "prompts"}
    first = {(name, chain[0].identity) for name, chain in chains.items() if len(chain) > 1}
    return sum(line.answered for line in lines if (line.role, line.model) in first)


def _limits(store: Store, story: Story) -> Budget:
    """Return the limits as they stand: a person may have raised those that the run began with."""
    kept = store.saver.get_tuple({"configurable": {"thread_id": story.info.run}})
    state = kept.checkpoint["channel_values"] if kept is not None else {}
    goal = state.get("goal") or story.newest("goal").get("goal")
    budget = goal.get("budget") if isinstance(goal, dict) else None
    return Budget.model_validate(budget or {})
