"""Lets all but the newest checkpoints of a thread go, in the tables of LangGraph's savers."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

_DELTA = "counters_since_delta_snapshot"

_OLDER = """DELETE FROM {table} WHERE thread_id = :of AND checkpoint_id < (
    SELECT max(kept.checkpoint_id) FROM checkpoints AS kept
    WHERE kept.thread_id = {table}.thread_id AND kept.checkpoint_ns = {table}.checkpoint_ns)"""
_UNUSED = """DELETE FROM checkpoint_blobs AS old WHERE thread_id = :of AND NOT EXISTS (
    SELECT FROM checkpoints AS kept
    WHERE kept.thread_id = old.thread_id AND kept.checkpoint_ns = old.checkpoint_ns
    AND kept.checkpoint->'channel_versions'->>old.channel = old.version)"""
_LITE = (_OLDER.format(table="writes"), _OLDER.format(table="checkpoints"))
_SERVER = (_OLDER.format(table="checkpoint_writes"), _OLDER.format(table="checkpoints"), _UNUSED)


def check_prune(threads: Sequence[str], strategy: str) -> list[str]:
    """Return the names of the threads.

    Raises:
        TypeError: One name was given for a sequence of names.
        ValueError: There is no such strategy.
    """
    if isinstance(threads, str):
        raise TypeError("`thread_ids` is a sequence of threads, not the name of one.")
    if strategy not in {"keep_latest", "delete"}:
        raise ValueError(f"There is no strategy {strategy!r}: `keep_latest` or `delete`.")
    return [str(thread) for thread in threads]


def keep_newest(connection: Connection, thread: str) -> None:
    """Delete what is older than the newest checkpoint of each namespace of a thread.

    Raises:
        NotImplementedError: It has a delta channel, which is rebuilt from older checkpoints.
    """
    lite = connection.dialect.name == "sqlite"
    kind = "CAST(metadata AS TEXT)"
    where = f"instr({kind}, :delta) > 0" if lite else f"strpos({kind}, :delta) > 0"
    delta = text(f"SELECT 1 FROM checkpoints WHERE thread_id = :of AND {where} LIMIT 1")
    if connection.execute(delta, {"of": thread, "delta": _DELTA}).first() is not None:
        raise NotImplementedError(
            f"The thread {thread!r} has a DeltaChannel, which is rebuilt from older checkpoints."
        )
    for statement in _LITE if lite else _SERVER:
        connection.execute(text(statement), {"of": thread})
