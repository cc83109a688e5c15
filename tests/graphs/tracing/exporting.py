"""A process with an OpenTelemetry SDK of its own: begins a run by a model, or answers its question.

Writes each span as a line of JSON; a process has one provider, so this needs one of its own.

    python -m tests.graphs.tracing.exporting FOLDER begin|approve URL
"""

import sys
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from checkpoints.store import open_store
from graphs.assembly import reopen
from graphs.database.graph import database_agent
from graphs.models import ModelSettings
from graphs.settings import Settings


def settings(url: str) -> Settings:
    """Return settings by which a model plans and decides."""
    model = {"model": "stub", "base_url": url}
    priced = {"input_usd_per_million": 1.0, "output_usd_per_million": 2.0}
    return Settings(models=ModelSettings.model_validate({**model, "unknown_price": priced}))


def main(folder: Path, command: str, url: str) -> None:
    with (
        (folder / "spans.jsonl").open("a") as out,
        open_store(f"sqlite:///{folder / 'store.db'}") as store,
    ):
        exporter = ConsoleSpanExporter(out=out, formatter=lambda span: f"{span.to_json(None)}\n")
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        if command == "begin":
            paths = {name: folder / f"shop.{name}" for name in ("db", "sql")}
            agent = database_agent(
                database=paths["db"], workload=paths["sql"], store=store, settings=settings(url)
            )
            agent.run(agent.goal("Be fast", review_plan=True), run_id="r")
        else:
            reopen(store, "r").open("r").approve(reviewer="ada")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
