"""Keys from the command line: a store is encrypted, rotated, decrypted, and its head signed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.chain import chain_hash
from tests.graphs.cli.conftest import GOAL, call
from tools.contract import digest


def new_key(*words: str) -> str:
    done = call("key", "new", *words)
    assert done.code == 0
    return done.out.strip()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    made = new_key()
    monkeypatch.setenv("SUREFOOT_KEY", made)
    return made


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the public half of a key that signs."""
    made = call("key", "new", "--signing", "--json").document
    monkeypatch.setenv("SUREFOOT_SIGNING_KEY", made["key"])
    return str(made["public_key"])


def raw() -> bytes:
    return b"".join(path.read_bytes() for path in Path().glob("surefoot.db*"))


def test_new_key_is_all_that_is_printed_to_be_used_in_a_shell() -> None:
    done = call("key", "new")
    assert (len(done.out), done.out.count("\n")) == (45, 1)
    assert "Keep it in a safe place" in done.err
    assert done.out.strip() not in done.err


def test_store_is_refused_with_a_key_until_it_is_encrypted(waiting: Path, key: str) -> None:
    assert waiting.exists()
    refused = call("ls")
    assert (refused.code, "`surefoot key rotate` encrypts it" in refused.err) == (20, True)
    assert GOAL.encode() in raw()
    assert call("key", "rotate").code == 0
    assert GOAL.encode() not in raw()
    assert GOAL in call("ls").out


def test_encrypted_run_is_answered_and_undone(waiting: Path, key: str) -> None:
    assert waiting.exists()
    call("key", "rotate")
    assert call("approve", call("inbox", "--json").document[0]["id"]).code == 0
    assert call("undo", "one").code == 0
    assert call("audit", "verify").code == 0


def test_after_a_rotation_the_old_key_is_needed_by_nothing(
    waiting: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting.exists()
    call("key", "rotate")
    new = new_key()
    monkeypatch.setenv("SUREFOOT_KEY", f"{new},{key}")
    done = call("key", "rotate", "--json").document
    assert (done["sealed"] == done["rows"] > 0, done["exit_code"]) == (True, 0)
    monkeypatch.setenv("SUREFOOT_KEY", new)
    assert call("audit", "verify").code == 0
    monkeypatch.setenv("SUREFOOT_KEY", key)
    assert "encrypted with another key" in call("ls").err


def test_decrypted_store_needs_no_key(
    waiting: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting.exists()
    call("key", "rotate")
    assert "not encrypted any more" in call("key", "rotate", "--remove").out
    monkeypatch.delenv("SUREFOOT_KEY")
    assert call("audit", "verify").code == 0


def test_rotation_without_a_key_says_how_to_get_one(waiting: Path) -> None:
    assert waiting.exists()
    done = call("key", "rotate")
    assert (done.code, "`surefoot key new` prints one" in done.err) == (2, True)


def test_key_in_the_file_of_settings_is_refused_and_not_repeated(waiting: Path, key: str) -> None:
    (waiting / "surefoot.toml").write_text(f'key = "{key}"\n')
    done = call("ls")
    assert (done.code, key in done.out + done.err) == (2, False)


def test_what_is_no_key_is_not_repeated(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waiting.exists()
    monkeypatch.setenv("SUREFOOT_KEY", "my-secret-typo")
    done = call("ls")
    assert (done.code, "my-secret-typo" in done.out + done.err) == (2, False)


def test_export_is_verified_where_there_is_no_store(
    ended: Path, signing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "proof.jsonl"
    assert call("audit", "export", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("SUREFOOT_SIGNING_KEY")
    monkeypatch.chdir(tmp_path)
    done = call("audit", "verify", "--file", str(file), "--public-key", signing, "--json")
    assert (done.code, done.document["intact"]) == (0, True)
    file.write_bytes(file.read_bytes().replace(b'"kind":"plan"', b'"kind":"plon"'))
    changed = call("audit", "verify", "--file", str(file))
    assert (changed.code, "was changed" in changed.out) == (20, True)
    assert not (tmp_path / "surefoot.db").exists()


def test_export_overwrites_nothing(ended: Path, tmp_path: Path) -> None:
    assert ended.exists()
    file = tmp_path / "kept"
    file.write_text("mine")
    done = call("audit", "export", str(file))
    assert (done.code, file.read_text(), "there already" in done.err) == (2, "mine", True)


def test_head_that_was_kept_elsewhere_shows_a_rewritten_ledger(
    ended: Path, signing: str, tmp_path: Path
) -> None:
    assert ended.exists()
    heads, export = tmp_path / "heads", tmp_path / "export"
    call("audit", "head", "--append", str(heads))
    call("audit", "export", str(export))
    call("undo", "one")
    call("audit", "head", "--append", str(heads))
    for kept in (heads, export):
        done = call("audit", "verify", "--head", str(kept), "--public-key", signing)
        assert (done.code, "goes on from" in done.out) == (0, True)
    rewrite_newest()
    assert call("audit", "verify").code == 0, "a rewritten ledger is whole by itself"
    done = call("audit", "verify", "--head", str(heads))
    assert (done.code, "it was rewritten" in done.out) == (20, True)
    assert call("audit", "verify", "--head", str(export)).code == 0, "it is older than the change"


def rewrite_newest() -> None:
    """Change the newest entry and all that follows from it, as the owner of the file can."""
    with closing(sqlite3.connect("surefoot.db")) as opened, opened:
        opened.row_factory = sqlite3.Row
        opened.execute("DROP TRIGGER ledger_is_never_changed")
        row = opened.execute("SELECT * FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        fields = {name: row[name] for name in row.keys() if name != "dedupe"}  # noqa: SIM118  # a row's keys
        fields |= {"subject": "forged", "body": json.loads(row["body"])}
        made = chain_hash(fields)
        mark = digest({name: fields[name] for name in ("run", "kind", "subject", "body")})
        change = "UPDATE ledger SET subject = 'forged', hash = ?, dedupe = ? WHERE seq = ?"
        opened.execute(change, (made, mark, row["seq"]))
        opened.execute("UPDATE ledger_head SET hash = ?", (made,))


def test_head_that_was_forged_is_found(ended: Path, signing: str, tmp_path: Path) -> None:
    assert ended.exists()
    heads = tmp_path / "heads"
    call("audit", "head", "--append", str(heads))
    heads.write_text(heads.read_text().replace('"seq":', '"seq":1'))
    done = call("audit", "verify", "--head", str(heads))
    assert (done.code, "the signature of the head is wrong" in done.out) == (20, True)


def test_head_needs_a_key_to_sign_with(ended: Path) -> None:
    assert ended.exists()
    done = call("audit", "head")
    assert (done.code, "`surefoot key new --signing`" in done.err) == (2, True)
