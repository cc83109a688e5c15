"""The JSON documents of the commands: the same shape for a run wherever it appears."""

from typing import Any

from graphs.cli.exits import OF_STATUS
from graphs.render.comparison import total
from graphs.render.standing import Tally, changes_of, standing
from graphs.render.story import Story
from graphs.render.text import label_of
from tools.contract import EffectRecord, JsonObject
from tools.records import Review, RunInfo


def run_row(info: RunInfo, waiting: int, tally: Tally, *, held: bool) -> JsonObject:
    """Return a run as `ls` lists it."""
    return {
        "run": info.run,
        "status": info.status,
        "standing": standing(info, tally, held=held),
        "changes": {**changes_of(tally)},
        "reason": info.reason,
        "domain": info.domain,
        "objective": info.objective,
        "questions": waiting,
        "created_at": info.created_at.isoformat(),
        "updated_at": info.updated_at.isoformat(),
    }


def run_document(story: Story, *, exit_code: int | None = None) -> JsonObject:
    """Return a run as `run`, `resume`, `show` and the answers print it."""
    code = OF_STATUS[story.info.status] if exit_code is None else exit_code
    document: JsonObject = run_row(story.info, len(story.pending), story.tally, held=story.held)
    return document | {
        "exit_code": code,
        "plan": story.newest("plan"),
        "model_calls": sum(entry.kind == "model_call" for entry in story.entries),
        "timeline": [row.to_json() for row in story.rows],
        "pending": [review.to_json() for review in story.pending],
        "effects": [effect_document(record) for record in story.effects],
        "report": story.newest("outcome"),
        "queries": comparison(story),
    }


def comparison(story: Story) -> list[Any]:
    """Return times before and after per query, the total last; empty until a run has ended."""
    rows = [*story.queries, total(story.queries)] if story.queries else []
    return [row.to_json() | {"factor": round(row.factor, 2)} for row in rows]


def effect_document(record: EffectRecord) -> JsonObject:
    """Return an effect and its state."""
    return {
        "key": record.key,
        "label": label_of(record.key),
        "tool": record.action.tool,
        "args": record.action.args,
        "state": record.state,
        "statement": statement_of(record),
        "result": record.result,
        "error": record.error,
        "at": record.at.isoformat(),
    }


def statement_of(record: EffectRecord) -> str:
    """Return the SQL that an effect amounts to, or the action when it is not SQL."""
    made = record.snapshot.get("sql")
    if record.action.tool == "create_index" and isinstance(made, str):
        return made
    if record.action.tool in {"drop_index", "drop_own_index"}:
        name = str(record.action.args.get("name", "")).replace('"', '""')
        return f'DROP INDEX "{name}"'
    return "ANALYZE" if record.action.tool == "analyze" else ""


def review_document(review: Review, run: RunInfo) -> JsonObject:
    """Return a question with the run that asks it."""
    return review.to_json() | {"objective": run.objective, "status": run.status}
