"""Answers of models, kept as plain JSON until they expire; nothing in it can name a class."""

import json
from datetime import timedelta

from sqlalchemy import bindparam, delete, insert, select

from checkpoints.prepared import Prepared
from checkpoints.schema import model_cache, stamp
from checkpoints.writer import Writer
from tools.contract import Clock, JsonObject, canonical

_IS = model_cache.c.key == bindparam("of")
_EXPIRED = model_cache.c.expires_at <= bindparam("now")
_FIND = Prepared(select(model_cache.c.answer).where(_IS & ~_EXPIRED))
_FORGET = Prepared(delete(model_cache).where(_IS | _EXPIRED))
_ADD = Prepared(insert(model_cache))


class AnswerTable:
    """The `ModelCache` of a store."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._clock = clock

    def find(self, key: str) -> JsonObject | None:
        """Return an answer that has not expired."""
        with self._writer.read() as connection:
            found = _FIND.first(connection, {"of": key, "now": stamp(self._clock())})
        if found is None:
            return None
        answer: JsonObject = json.loads(self._vault.open(found.answer, "model_cache", key))
        return answer

    def keep(self, key: str, answer: JsonObject, *, seconds: float) -> None:
        """Keep an answer for so many seconds and forget those that have expired."""
        now = self._clock()
        row = {
            "key": key,
            "expires_at": stamp(now + timedelta(seconds=seconds)),
        }
        with self._writer.write() as connection:
            _FORGET.change(connection, {"of": key, "now": stamp(now)})
            text = self._vault.seal(canonical(answer), "model_cache", key)
            _ADD.change(connection, row | {"answer": text})

    def clear(self) -> None:
        """Forget all answers."""
        with self._writer.write(urgent=True) as connection:
            connection.execute(delete(model_cache))
