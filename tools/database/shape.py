"""What a query's text tells of its result: what orders it, what cuts it, whether it can repeat."""

from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from tools.database.lexer import Piece

_VOLATILE: Final = frozenset(
    {"random", "randomblob", "current_date", "current_time", "current_timestamp"}
)
_CLOCKS: Final = frozenset({"date", "time", "datetime", "julianday", "unixepoch", "strftime"})
"""They read the clock when they are called without arguments, or with 'now'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of a result before the query runs."""

    ordered: bool = False
    keys: tuple[int | str, ...] = ()
    """Output columns that ORDER BY sorts by, by place or name; empty unless all are known."""
    limit: int | None = None
    """Number of rows to which a top-level LIMIT may cut the result; 0 when the text hides it."""
    skips: bool = False
    """It has a top-level OFFSET."""
    volatile: bool = False
    """It reads the clock or draws random numbers."""

    def places(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        """Return the places of the keys among the columns that came; empty unless all are known."""
        lower = [column.lower() for column in columns]
        names = [key for key in self.keys if isinstance(key, str)]
        if any(lower.count(name) != 1 for name in names):
            return ()
        return tuple(lower.index(key) if isinstance(key, str) else key for key in self.keys)


def shape_of(piece: Piece, tree: exp.Query) -> Shape:
    """Return the shape of a vetted query."""
    order = tree.args.get("order")
    return Shape(
        ordered=order is not None,
        keys=_keys(tree, [term.this for term in order.expressions]) if order else (),
        limit=_limit(tree),
        skips=tree.args.get("offset") is not None,
        volatile=_is_volatile(piece),
    )


def _keys(tree: exp.Query, terms: list[exp.Expression]) -> tuple[int | str, ...]:
    found = [_key(tree, term) for term in terms]
    return tuple(key for key in found if key is not None) if None not in found else ()


def _key(tree: exp.Query, term: exp.Expression) -> int | str | None:
    """Return the output column that a term of ORDER BY is; None when it is none for certain."""
    outputs = tree.selects
    stars = any(output.is_star for output in outputs)
    if isinstance(term, exp.Literal) and term.is_int and not stars:
        return int(term.name) - 1
    if stars:
        # Only a lone `*` shows every column that the name could mean.
        lone = len(outputs) == 1 and isinstance(outputs[0], exp.Star)
        return term.name.lower() if lone and isinstance(term, exp.Column) else None
    for place, output in enumerate(outputs):
        named = isinstance(term, exp.Column) and not term.table
        if named and term.name.lower() == output.alias_or_name.lower():
            return place
    return next((place for place, one in enumerate(outputs) if one.unalias() == term), None)


def _limit(tree: exp.Query) -> int | None:
    limit = tree.args.get("limit")
    lone_row = not tree.args.get("group") and any(
        output.find(exp.AggFunc) and not output.find(exp.Window) for output in tree.selects
    )
    if limit is None or (lone_row and isinstance(tree, exp.Select)):
        return None
    number = limit.expression
    return int(number.name) if isinstance(number, exp.Literal) and number.is_int else 0


def _is_volatile(piece: Piece) -> bool:
    names = [token.name for token in piece.tokens]
    if any(token.kind == "quoted" and token.name == "now" for token in piece.tokens):
        return True
    calls = zip(names, names[1:], names[2:], strict=False)
    bare = {name for name, *following in calls if following == ["(", ")"]}
    return bool(_VOLATILE & set(names) or _CLOCKS & bare)
