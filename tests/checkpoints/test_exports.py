"""An export proves itself: whatever is changed in it is found, offline, with the public key."""

import base64
import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.chain import GENESIS, chain_hash
from checkpoints.exports import Report, examine, export, heads_in
from checkpoints.ledger import MAX_BODY_BYTES
from checkpoints.signing import Head, fingerprint, public_key
from checkpoints.store import Store, open_store
from tests.checkpoints.clock import HandClock
from tools.contract import canonical
from tools.errors import BadInput

KEY, OTHER, SEAL = (base64.b64encode(bytes([fill] * 32)).decode() for fill in (1, 2, 3))
PUBLIC = public_key(KEY)


def fill(store: Store, entries: int = 8) -> None:
    for number in range(entries):
        ref = store.artifacts.put({"rows": number})
        store.ledger.append("run", "observation", f"step-{number}", {"artifact": ref})
    store.ledger.append("run", "plan", "large", {"text": "x" * MAX_BODY_BYTES})
    store.ledger.append("other", "goal", "r", {"words": "ä\u2028"})


def exported(store: Store, key: str = KEY, *, artifacts: bool = True) -> bytes:
    to = BytesIO()
    export(store, to, now=HandClock()(), key=key, artifacts=artifacts)
    return to.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def whole(folder: Path) -> bytes:
    with open_store(f"sqlite:///{folder}/store.db", clock=HandClock()) as store:
        fill(store)
        return exported(store)


@pytest.fixture(scope="module")
def small(folder: Path) -> bytes:
    """Return an export without the large body, so that every byte of it can be tried."""
    with open_store(f"sqlite:///{folder}/small.db", clock=HandClock()) as store:
        for number in range(4):
            ref = store.artifacts.put({"rows": number})
            store.ledger.append("run", "observation", f"step-{number}", {"artifact": ref})
        return exported(store)


@pytest.fixture(scope="module")
def read(folder: Path) -> Any:
    def of(data: bytes, trusted: str = "") -> Report:
        path = folder / "mutated.jsonl"
        path.write_bytes(data)
        return examine(path, trusted=trusted)

    return of


def is_found(read: Any, data: bytes) -> bool:
    try:
        return bool(read(data).problems)
    except BadInput:
        return True


def test_what_was_exported_is_whole(whole: bytes, read: Any) -> None:
    report = read(whole, PUBLIC)
    assert (report.problems, report.entries, report.artifacts, report.gone) == ((), 10, 9, 0)
    assert report.signer == fingerprint(PUBLIC)


def test_it_is_one_line_for_each_thing(whole: bytes) -> None:
    kinds = [next(iter(json.loads(line).keys())) for line in whole.splitlines()]
    assert kinds[:3] == ["artifacts", "entry", "artifact"]
    assert (kinds.count("entry"), kinds.count("artifact"), kinds[-1]) == (10, 9, "head")


@given(data=st.data())
def test_any_changed_byte_is_found(small: bytes, read: Any, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(small) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != small[at]))
    assert is_found(read, small[:at] + bytes([byte]) + small[at + 1 :])


@given(data=st.data())
def test_any_cut_is_found(small: bytes, read: Any, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(small) - 1))
    end = data.draw(st.integers(start + 1, len(small)))
    assert is_found(read, small[:start] + small[end:])


@given(data=st.data())
def test_any_line_that_is_moved_repeated_or_left_out_is_found(
    small: bytes, read: Any, data: st.DataObject
) -> None:
    lines = small.splitlines(keepends=True)
    line = data.draw(st.integers(0, len(lines) - 1))
    to = data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["move", "repeat", "leave out"]))
    other = [*lines] if kind == "repeat" else lines[:line] + lines[line + 1 :]
    if kind != "leave out":
        other.insert(to, lines[line])
    if other != lines:
        assert is_found(read, b"".join(other))


def edited(data: bytes, change: Any) -> bytes:
    """Return an export with its entries changed and all hashes, but no signature, made anew."""
    lines = [json.loads(line) for line in data.splitlines()]
    entries = [line["entry"] for line in lines if "entry" in line]
    change(entries)
    prev = GENESIS
    for entry in entries:
        entry["prev"] = prev
        prev = entry["hash"] = chain_hash(entry)
    rest = [line for line in lines if "entry" not in line]
    made = [rest[0], *({"entry": entry} for entry in entries), *rest[1:]]
    made[-1]["head"] |= {"hash": prev, "seq": entries[-1]["seq"]}
    return b"".join(canonical(line).encode() + b"\n" for line in made)


def signed_anew(data: bytes, key: str) -> bytes:
    *lines, last = data.splitlines(keepends=True)
    head = Head.model_validate(json.loads(last)["head"])
    total = hashlib.sha256(b"".join(lines)).hexdigest()
    head = head.model_copy(update={"file": total}).signed_with(key)
    return b"".join(lines) + canonical({"head": head.to_json()}).encode() + b"\n"


def forge(entries: list[dict[str, Any]]) -> None:
    entries[1]["subject"] = "forged"


def test_whoever_makes_all_hashes_anew_is_found_by_the_signature(small: bytes, read: Any) -> None:
    assert "the signature of the head is wrong" in read(edited(small, forge)).problems


def test_whoever_signs_anew_is_found_by_the_key(small: bytes, read: Any) -> None:
    forged = signed_anew(edited(small, forge), OTHER)
    assert read(forged).problems == (), "it is whole, and says who signed it"
    assert read(forged).signer == fingerprint(public_key(OTHER))
    for trusted in (PUBLIC, fingerprint(PUBLIC)):
        assert any(
            "not with the key that is trusted" in told for told in read(forged, trusted).problems
        )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: lines.pop(3), "entries 2 to 2 are missing"),
        (lambda lines: lines.insert(3, lines[1]), "entry 1 was inserted"),
        (lambda lines: lines.pop(2), "the artifact sha256:"),
        (lambda lines: lines.pop(), "the end is missing"),
        (lambda lines: lines.append(lines[1]), "comes after the end"),
        (
            lambda lines: lines.__setitem__(1, lines[1].replace(b"step-0", b"step-9")),
            "entry 1 was changed",
        ),
    ],
)
def test_what_was_done_is_said(small: bytes, read: Any, change: Any, told: str) -> None:
    lines = small.splitlines(keepends=True)
    change(lines)
    assert any(told in problem for problem in read(b"".join(lines)).problems)


def test_export_may_leave_artifacts_out(store: Store, read: Any) -> None:
    fill(store)
    report = read(exported(store, artifacts=False), PUBLIC)
    assert (report.problems, report.entries, report.artifacts) == ((), 10, 0)


def test_artifact_that_was_pruned_is_told_as_gone(store: Store, read: Any) -> None:
    store.ledger.append("run", "observation", "s", {"artifact": f"sha256:{'0' * 64}"})
    report = read(exported(store))
    assert (report.problems, report.artifacts, report.gone) == ((), 0, 1)


def test_export_without_a_key_says_that_nobody_signed_it(store: Store, read: Any) -> None:
    fill(store)
    data = exported(store, "")
    assert (read(data).problems, read(data).signer) == ((), "")
    assert "by nobody" in read(data, PUBLIC).problems[0]


def test_empty_ledger_is_exported_too(store: Store, read: Any) -> None:
    assert (read(exported(store)).problems, read(exported(store)).entries) == ((), 0)


def test_sealed_store_is_exported_in_the_open(folder: Path, read: Any, small: bytes) -> None:
    with open_store(f"sqlite:///{folder}/sealed.db", clock=HandClock(), key=SEAL) as store:
        for number in range(4):
            ref = store.artifacts.put({"rows": number})
            store.ledger.append("run", "observation", f"step-{number}", {"artifact": ref})
        assert exported(store) == small


def test_changed_ledger_is_exported_as_it_is_and_found(store: Store, read: Any) -> None:
    fill(store)
    with store._writer.write(urgent=True) as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_is_never_changed")
        connection.exec_driver_sql("UPDATE ledger SET subject = 'forged' WHERE seq = 2")
    assert read(exported(store)).problems == ("entry 2 was changed",)


@pytest.mark.parametrize("text", ["", "{}\n", '{"export":9}\n', "\0\n", "[]\n"])
def test_what_is_no_export_is_refused(read: Any, text: str) -> None:
    with pytest.raises(BadInput):
        read(text.encode())


def test_heads_are_found_in_exports_and_files_of_heads(folder: Path, whole: bytes) -> None:
    path = folder / "heads.jsonl"
    path.write_bytes(whole)
    assert [head.seq for head in heads_in(path)] == [10]
    path.write_text("nothing\n")
    with pytest.raises(BadInput, match="has no head"):
        heads_in(path)


@pytest.mark.parametrize("key", ["short", OTHER[:-4], f"{KEY},{OTHER}"])
def test_what_is_no_signing_key_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(BadInput, match="SUREFOOT_SIGNING_KEY is not base64") as refusal:
        public_key(key)
    assert key not in str(refusal.value)


def test_memory_does_not_grow_with_the_ledger(folder: Path) -> None:
    pages: list[int] = []

    class Counting(BytesIO):
        def write(self, data: Any) -> int:
            pages.append(len(data))
            return len(data)

    with open_store(f"sqlite:///{folder}/many.db", clock=HandClock()) as store:
        with store.transaction():
            for number in range(1_200):
                store.ledger.append("run", "tick", str(number), {})
        export(store, Counting(), now=HandClock()(), key=KEY)
    assert (len(pages), max(pages) < 1_000) == (1_202, True), "written line by line"
