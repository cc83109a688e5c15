"""Models on the command line: who thinks, what it cost, whether it works, and doing it again."""

import shutil
from pathlib import Path

import pytest

from tests.graphs.cli.conftest import GOAL, Result, call, start
from tests.graphs.sensible import Thinking, thinking
from tests.graphs.shop import indexed, make_plain_shop
from tests.nodes.models.stub import Behaviour, says, status

KEY = "sk-hidden-0123456789abcdef"
FILES = ["--database", "shop.db", "--workload", "shop.sql"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh folder with a plain shop; it is the working folder."""
    make_plain_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def by_model(server: Thinking, *words: str) -> Result:
    model = ("--model", "stub", "--base-url", server.url, "--price", "1,2")
    return start("--name", "one", *model, *words)


def table(server: Thinking, name: str = "stub", *, price: bool = True) -> str:
    priced = ", input_usd_per_million = 1.0, output_usd_per_million = 2.0" if price else ""
    return f'{{model = "{name}", base_url = "{server.url}"{priced}}}'


def test_without_a_model_the_run_says_so(shop: Path) -> None:
    assert shop.exists()
    assert "by the playbook: no model is configured" in start("--dry-run").out


def test_the_model_of_the_option_plans_and_decides(shop: Path) -> None:
    with thinking() as server:
        done = by_model(server)
    assert done.code == 0
    assert f"planned by stub at {server.url}, then the playbook" in done.out
    assert "(by stub)" in done.out
    assert shop.exists()


def test_the_model_of_the_option_goes_before_that_of_the_file(shop: Path) -> None:
    with thinking() as server:
        (shop / "surefoot.toml").write_text(f"[models]\ndecider = {table(server, 'other')}\n")
        done = by_model(server, "--dry-run")
    assert "decided by stub at" in done.out


def test_the_model_of_the_environment_is_used(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUREFOOT_MODEL", "openai:gpt-5.4-mini")
    out = start("--dry-run").out
    assert "planned by openai:gpt-5.4-mini, then the playbook" in out
    assert shop.exists()


def test_a_model_without_a_price_is_told_at_once(shop: Path) -> None:
    with thinking() as server:
        done = start("--model", "stub", "--base-url", server.url, "--dry-run")
    assert f"stub at {server.url} has no known price and is not called" in done.out
    assert (shop.exists(), server.asked) == (True, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--base-url", "http://127.0.0.1:9/v1"], "--model, which is missing"),
        (["--model", "stub"], "names no model that can be reached"),
        (["--model", ""], "does not fit"),
        (["--model", "openai:x", "--price", "cheap"], "is no price"),
        (["--model", "openai:x", "--price", "-1,2"], "does not fit"),
        (["--model", "openai:x", "--base-url", "http://u:p@h/v1"], "carries more than"),
        (["--record", "tape.jsonl"], "nothing to record"),
        (["--model", "openai:x", "--record", "shop.sql"], "is there already"),
        (["--model", "openai:x", "--record", "no/tape.jsonl"], "does not exist"),
    ],
)
def test_options_that_name_no_model_are_refused(shop: Path, words: list[str], told: str) -> None:
    done = start(*words)
    assert (done.code, told in done.err, (shop / "surefoot.db").exists()) == (2, True, False)


def test_show_counts_the_calls_and_why_tells_them(shop: Path) -> None:
    with thinking() as server:
        assert by_model(server).code == 0
    assert "calls of models: surefoot cost one" in call("show", "one").out
    assert f"stub at {server.url}: answered, 15 tokens" in call("why", "one", "tune.1").out
    assert shop.exists()


def test_a_degradation_is_one_line_in_show_and_is_told_in_why(shop: Path) -> None:
    with thinking(lambda number: status(401) if number == 2 else None) as server:
        assert by_model(server).code == 0
    assert call("show", "one").out.count("the playbook takes over as decider") == 1
    assert "the server answered 401" in call("why", "one", "inspect.1").out
    assert shop.exists()


def test_cost_adds_up_by_role_and_model(shop: Path) -> None:
    with thinking() as server:
        assert by_model(server).code == 0
    found = call("cost", "one", "--json").document
    lines = {line["role"]: line for line in found["lines"]}
    assert (lines["planner"]["answered"], lines["planner"]["tokens"]) == (1, 15)
    assert found["calls"] == len(server.asked) == sum(line["calls"] for line in found["lines"])
    assert found["usd"] == pytest.approx(found["calls"] * (10 * 1.0 + 5 * 2.0) / 1e6)
    assert (found["max_usd"], found["open_calls"], shop.exists()) == (5.0, 0, True)


def test_cost_tells_what_cascade_and_cache_saved(shop: Path) -> None:
    with thinking() as server:
        chain = f"[{table(server, 'cheap')}, {table(server, 'strong')}]"
        (shop / "surefoot.toml").write_text(f"[models]\nplanner = {chain}\n")
        first, again = start("--name", "a", "--dry-run"), start("--name", "b", "--dry-run")
    assert (first.code, again.code, len(server.asked)) == (0, 0, 1)
    assert call("cost", "a", "--json").document["first_candidate"] == 1
    assert call("cost", "b", "--json").document["cached"] == 1
    assert "1 answers from the first, cheaper candidate" in call("cost", "a").out


def test_cost_of_a_run_of_the_playbook_is_nothing(shop: Path) -> None:
    start("--name", "one", "--dry-run")
    assert "No model was asked in one" in call("cost", "one").out
    assert shop.exists()


def test_doctor_is_well_without_a_model(shop: Path) -> None:
    done = call("doctor")
    assert (done.code, "the playbook plans and decides" in done.out) == (0, True)
    assert not (shop / "surefoot.db").exists()


def test_doctor_asks_each_model(shop: Path) -> None:
    with thinking() as server:
        text = f"[models]\nplanner = {table(server)}\nverifier = {table(server, 'judge')}\n"
        (shop / "surefoot.toml").write_text(text)
        done = call("doctor", "--json")
    told = [(item["answers"], item["form"], item["price"]) for item in done.document["models"]]
    assert (done.code, told) == (0, [(True, "json_schema", "stated")] * 2)


def test_doctor_says_when_a_server_knows_no_structured_output(shop: Path) -> None:
    refuse = status(400, "response_format is not supported")
    plays: list[Behaviour] = [refuse, says({"ok": True})]
    with thinking(lambda number: plays[number - 1]) as server:
        (shop / "surefoot.toml").write_text(f"[models]\nplanner = {table(server)}\n")
        done = call("doctor", "--json")
    assert (done.code, done.document["models"][0]["form"]) == (0, "text")


@pytest.mark.parametrize(("price", "told"), [(True, "answered 401"), (False, "price is unknown")])
def test_doctor_is_not_well_when_a_model_is_not(shop: Path, price: bool, told: str) -> None:  # noqa: FBT001  # a parameter of the test
    with thinking(lambda _: status(401)) as server:
        text = f"[models]\nplanner = {table(server, price=price)}\n"
        (shop / "surefoot.toml").write_text(text)
        done = call("doctor")
    assert (done.code, told in done.out) == (20, True)


def test_doctor_offline_asks_nobody(shop: Path) -> None:
    with thinking() as server:
        (shop / "surefoot.toml").write_text(f"[models]\nplanner = {table(server)}\n")
        done = call("doctor", "--offline", "--json")
    assert (done.code, server.asked) == (0, [])
    assert done.document["models"][0]["answers"] is None


def test_doctor_names_keys_and_never_prints_one(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with thinking() as server:
        keyed = table(server).replace("}", ', key_env = "MY_KEY"}')
        (shop / "surefoot.toml").write_text(
            f'[models]\nplanner = {keyed}\ndecider = "openai:gpt-5.4-mini"\n'
        )
        done, document = call("doctor"), call("doctor", "--json")
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "MY_KEY is set" in done.out
    assert "OPENAI_API_KEY is missing" in done.out
    assert KEY not in done.out + done.err + document.out


@pytest.fixture
def taped(shop: Path) -> Path:
    """Record a run; return its cassette. The shop is fresh again."""
    shutil.copy(shop / "shop.db", shop / "fresh.db")
    with thinking() as server:
        assert by_model(server, "--record", "tape.jsonl").code == 0
    shutil.move(shop / "shop.db", shop / "done.db")
    shutil.move(shop / "fresh.db", shop / "shop.db")
    return shop / "tape.jsonl"


def decisions(run: str) -> list[tuple[str, str]]:
    rows = call("show", run, "--json").document["timeline"]
    return [(row["label"], row["what"]) for row in rows if row["label"]]


def test_a_run_is_replayed_on_a_fresh_copy_without_network(taped: Path) -> None:
    done = call("replay", "tape.jsonl", GOAL, *FILES, "--name", "again")
    assert (done.code, decisions("again")) == (0, decisions("one"))
    assert indexed(taped.with_name("shop.db")) == indexed(taped.with_name("done.db"))


def test_a_replay_costs_nothing_and_degrades_nowhere(taped: Path) -> None:
    assert taped.exists()
    call("replay", "tape.jsonl", GOAL, *FILES, "--name", "again")
    found = call("cost", "again", "--json").document
    assert (found["usd"], found["degraded"], found["calls"] > 0) == (0.0, 0, True)


def test_a_replay_of_something_else_shows_the_nearest_request(taped: Path) -> None:
    before = taped.with_name("shop.db").read_bytes()
    done = call("replay", "tape.jsonl", "Drop everything", *FILES)
    assert (done.code, taped.with_name("shop.db").read_bytes()) == (2, before)
    assert "not on the cassette" in done.err
    assert "+Drop everything" in done.err


@pytest.mark.parametrize("text", ["no tape", '{"request": {"messages": []}, "answer": {}}\n'])
def test_a_file_that_is_no_cassette_is_refused(shop: Path, text: str) -> None:
    (shop / "tape.jsonl").write_text(text)
    done = call("replay", "tape.jsonl", GOAL, *FILES)
    assert (done.code in {2, 20}, "cassette" in done.err) == (True, True)
    assert "Traceback" not in done.err
