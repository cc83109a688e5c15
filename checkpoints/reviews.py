"""Questions to people and their answers: each answered once, by a named person."""

from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from checkpoints.ledger import ChainedLedger
from checkpoints.schema import begins, reviews, stamp
from checkpoints.writer import Writer
from tools.contract import Clock, JsonObject, canonical
from tools.errors import BadInput, UnknownReview
from tools.records import Answer, Review

_INBOX = "`surefoot inbox` lists the questions that wait."


class ReviewTable:
    """The `Reviews` of a store; every change is also a ledger entry of the same transaction."""

    def __init__(self, writer: Writer, ledger: ChainedLedger, clock: Clock) -> None:
        self._writer = writer
        self._vault = writer.vault
        self._ledger = ledger
        self._clock = clock

    def open(self, review: Review) -> Review:
        """Keep a review; one with the same id is returned as it is kept."""
        with self._writer.write(of=review.run) as connection:
            known = self._select(connection, select(reviews).where(reviews.c.id == review.id))
            if known:
                return known[0]
            row = {"id": review.id, "run": review.run, "expires_at": stamp(review.expires_at)}
            connection.execute(insert(reviews).values(**row, **self._kept(review)))
            self._ledger.append(review.run, "review", review.id, review.to_json())
        return review

    def answer(self, review_id: str, answer: Answer) -> Review:
        """Keep an answer, once; an unambiguous beginning of the review's id suffices.

        Raises:
            UnknownReview: No such review, or it is answered or withdrawn already.
            BadInput: The answer names no reviewer or another action hash, is of a kind that is
                not allowed, or carries arguments where it must not.
        """
        with self._writer.write(urgent=True) as connection:
            review = self._resolve(connection, review_id)
            _check_waiting(review)
            _check_answer(review, answer)
            change = {"state": "answered", "answer": answer, "answered_at": self._clock()}
            answered = review.model_copy(update=change)
            self._replace(connection, answered)
            about: JsonObject = {"key": review.key, "reviewed_hash": review.action_hash}
            self._ledger.append(review.run, "answer", review.id, about | answer.to_json())
        return answered

    def withdraw(self, review_id: str, reason: str) -> None:
        """Close a waiting review without an answer; no-op when it no longer waits.

        Raises:
            UnknownReview: No review, or more than one, begins so.
        """
        with self._writer.write() as connection:
            review = self._resolve(connection, review_id)
            if review.state != "waiting":
                return
            self._replace(connection, review.model_copy(update={"state": "withdrawn"}))
            body: JsonObject = {"state": "withdrawn", "reason": reason}
            self._ledger.append(review.run, "review", review.id, body)

    def get(self, review_id: str) -> Review:
        """Return a review; an unambiguous beginning of its id suffices.

        Raises:
            UnknownReview: No review, or more than one, begins so.
        """
        with self._writer.read() as connection:
            return self._resolve(connection, review_id)

    def waiting(self, run: str | None = None) -> list[Review]:
        """Return the reviews that wait, soonest expiry first."""
        query = select(reviews).where(reviews.c.state == "waiting")
        if run is not None:
            query = query.where(reviews.c.run == run)
        with self._writer.read() as connection:
            return self._select(connection, query.order_by(reviews.c.expires_at, reviews.c.id))

    def answered(self, *, limit: int = 5_000) -> list[Review]:
        """Return the newest answered reviews of all runs, oldest first."""
        query = select(reviews).where(reviews.c.state == "answered")
        newest = query.order_by(reviews.c.expires_at.desc(), reviews.c.id).limit(limit)
        with self._writer.read() as connection:
            found = self._select(connection, newest)
        return sorted(found, key=lambda one: (one.answered_at or one.created_at, one.id))

    def _resolve(self, connection: Connection, review_id: str) -> Review:
        named = select(reviews).where(begins(reviews.c.id, review_id)).order_by(reviews.c.id)
        found = self._select(connection, named.limit(10)) if review_id else []
        exact = self._select(connection, select(reviews).where(reviews.c.id == review_id))
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise UnknownReview(f"There is no question {review_id!r}.", advice=_INBOX)
        names = ", ".join(review.id for review in found)
        raise UnknownReview(
            f"{review_id!r} could be any of {names}.", advice="Write more of the question's id."
        )

    def _select(self, connection: Connection, query: Select[Any]) -> list[Review]:
        rows = connection.execute(query)
        texts = (self._vault.open(row.record, "reviews", row.id) for row in rows)
        return [Review.model_validate_json(text) for text in texts]

    def _replace(self, connection: Connection, review: Review) -> None:
        where = update(reviews).where(reviews.c.id == review.id)
        connection.execute(where.values(**self._kept(review)))

    def _kept(self, review: Review) -> dict[str, str]:
        record = self._vault.seal(canonical(review.to_json()), "reviews", review.id)
        return {"state": review.state, "record": record}


def _check_waiting(review: Review) -> None:
    if review.state == "withdrawn":
        raise UnknownReview(f"The question {review.id!r} was withdrawn.", advice=_INBOX)
    if review.answer is not None:
        said = f"{review.answer.decision} by {review.answer.reviewer!r} at {review.answered_at}"
        raise UnknownReview(
            f"The question {review.id!r} is answered already: {said}.",
            advice=f"`surefoot resume {review.run}` lets the run go on with that answer.",
        )


def _check_answer(review: Review, answer: Answer) -> None:
    if not answer.reviewer.strip():
        raise BadInput("The answer names no reviewer.", advice="Say who answers.")
    if answer.decision not in review.allowed:
        raise BadInput(
            f"{answer.decision!r} is no answer to the question {review.id!r}.",
            advice=f"Answer with one of: {', '.join(review.allowed)}.",
        )
    if answer.action_hash not in {"", review.action_hash}:
        raise BadInput(
            f"The answer is about the action {answer.action_hash[:12]!r}, but the question "
            f"{review.id!r} is about {review.action_hash[:12]!r}.",
            advice=f"Look again with `surefoot show {review.run}`, then answer what is asked now.",
        )
    if (answer.decision == "edit") != (answer.args is not None):
        raise BadInput(
            "Edited arguments belong to the answer 'edit', and to no other.",
            advice="Send the arguments together with 'edit', or leave them out.",
        )
