import pytest

from checkpoints.store import Store
from graphs.database.checks import DatabaseChecks
from tests.graphs.database.conftest import QUERIES, Shop, agent
from tools.database.connection import Database
from tools.database.workload import parse_workload
from tools.errors import BadInput

BAD = """
-- name: broken
SELECT abs(-9223372036854775807 - 1);
"""


def test_one_bad_query_does_not_stop_the_run(store: Store, shop: Shop) -> None:
    (shop.folder / "shop.sql").write_text(QUERIES + BAD)
    run = agent(store, shop, None, drops=True).run("Speed", run_id="r")
    details = [str(entry.body["detail"]) for entry in run.entries if entry.kind == "check"]
    told = [detail for detail in details if detail.startswith("left out")]
    assert run.status == "verified"
    assert "The query q4 'broken' on line 9 of the workload" in told[0]


def test_a_workload_of_bad_queries_is_bad_input(shop: Shop) -> None:
    checks = DatabaseChecks(
        database=Database(shop.path),
        workload=parse_workload(BAD + "SELECT * FROM nope"),
        effects_of=lambda _: (),
    )
    with pytest.raises(BadInput, match=r"q1 'broken' on line 3 .*integer overflow.*Nor can 1 more"):
        checks.baseline()
