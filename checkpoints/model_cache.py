"""Answers of models, kept as plain JSON until they expire; nothing in it can name a class."""

import json
from datetime import timedelta

from sqlalchemy import delete, insert, select

from checkpoints.schema import model_cache, stamp
from checkpoints.writer import Writer
from tools.contract import Clock, JsonObject, canonical


class AnswerTable:
    """The `ModelCache` of a store."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._clock = clock

    def find(self, key: str) -> JsonObject | None:
        """Return an answer that has not expired."""
        query = select(model_cache.c.answer).where(
            model_cache.c.key == key, model_cache.c.expires_at > stamp(self._clock())
        )
        with self._writer.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            return None
        answer: JsonObject = json.loads(self._vault.open(found, "model_cache", key))
        return answer

    def keep(self, key: str, answer: JsonObject, *, seconds: float) -> None:
        """Keep an answer for so many seconds and forget those that have expired."""
        now = self._clock()
        row = {
            "key": key,
            "expires_at": stamp(now + timedelta(seconds=seconds)),
        }
        gone = (model_cache.c.key == key) | (model_cache.c.expires_at <= stamp(now))
        with self._writer.write() as connection:
            connection.execute(delete(model_cache).where(gone))
            text = self._vault.seal(canonical(answer), "model_cache", key)
            connection.execute(insert(model_cache).values(**row, answer=text))

    def clear(self) -> None:
        """Forget all answers."""
        with self._writer.write(urgent=True) as connection:
            connection.execute(delete(model_cache))
