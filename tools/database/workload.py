"""Reads a workload: a .sql file of queries, each perhaps named and weighed by comments."""

import re
from pathlib import Path
from typing import Final

from pydantic import Field

from tools.contract import Record
from tools.database.lexer import Piece, refuse_control_characters, split
from tools.database.statements import parse_query
from tools.errors import BadInput, Refused

MAX_FILE_BYTES: Final = 5_000_000
MAX_QUERIES: Final = 500
_LABEL = re.compile(r"^--\s*(name|calls)\s*:\s*(.*?)\s*$", re.IGNORECASE)


class Query(Record):
    """One query of the workload."""

    id: str
    """`q1`, `q2` and so on, in the order of the file."""
    name: str
    sql: str
    line: int = Field(default=1, ge=1)
    """Where it begins in the file."""
    calls: int = Field(default=1, ge=1, le=1_000_000_000)
    """How often it runs, against the others."""


class Workload(Record):
    """The queries that are to be fast."""

    queries: tuple[Query, ...]

    def query(self, query_id: str) -> Query:
        """Return a query by its id.

        Raises:
            Refused: No such query.
        """
        for query in self.queries:
            if query.id == query_id:
                return query
        raise Refused(
            f"The workload has no query {query_id!r}.",
            advice=f"It has {', '.join(query.id for query in self.queries[:50])}.",
        )


def read_workload(path: Path) -> Workload:
    """Read a workload file.

    Raises:
        BadInput: It is missing, too large, not UTF-8, or `parse_workload` refuses it.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(
                f"The workload {str(path)!r} is larger than {MAX_FILE_BYTES} bytes.",
                advice="Keep the queries that matter most.",
            )
        return parse_workload(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise BadInput(
            f"The workload {str(path)!r} cannot be read ({fault}).",
            advice="Give a UTF-8 text file of SELECT statements.",
        ) from fault


def parse_workload(text: str) -> Workload:
    """Return the queries of a text.

    Comment lines `-- name: daily sales` and `-- calls: 40` before a query label and weigh it.

    Raises:
        BadInput: It holds no query, something that is no query, or a query with parameters.
    """
    try:
        refuse_control_characters(text)
        pieces = split(text)
    except Refused as fault:
        raise BadInput(f"The workload cannot be read. {fault.what}", advice=fault.advice) from fault
    if not 1 <= len(pieces) <= MAX_QUERIES:
        raise BadInput(
            f"The workload holds {len(pieces)} queries; 1 to {MAX_QUERIES} are accepted.",
            advice="Write SELECT statements that end with a semicolon.",
        )
    return Workload(
        queries=tuple(_query(piece, f"q{number}") for number, piece in enumerate(pieces, 1))
    )


def _query(piece: Piece, query_id: str) -> Query:
    try:
        statement = parse_query(piece.text)
    except Refused as fault:
        raise BadInput(
            f"Line {piece.line} of the workload is not a query that can be used. {fault.what}",
            advice=fault.advice,
        ) from fault
    labels = _labels(piece)
    return Query(
        id=query_id,
        name=labels.get("name", "")[:100] or query_id,
        sql=statement.text,
        line=piece.line,
        calls=_calls(labels.get("calls", "1"), piece.line),
    )


def _labels(piece: Piece) -> dict[str, str]:
    found = (_LABEL.match(comment) for comment in piece.comments)
    return {match.group(1).lower(): match.group(2) for match in found if match}


def _calls(text: str, line: int) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise BadInput(
            f"The query on line {line} has `calls: {text[:40]}`.",
            advice="Write a whole number of at least 1.",
        )
    return int(text)
