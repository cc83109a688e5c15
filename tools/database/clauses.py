"""The parts of a SELECT that decide which index helps, as sqlglot's nodes."""

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

COMPARISONS: Final = (exp.EQ, exp.Is, exp.LT, exp.LTE, exp.GT, exp.GTE)
_WILDCARDS: Final = frozenset("%_*?[")


def conditions(tree: exp.Select) -> Iterator[exp.Expression]:
    """Yield what must hold for every row: the parts of WHERE and of each ON."""
    if where := tree.args.get("where"):
        yield from parts(where.this, exp.And)
    for join in tree.args.get("joins") or []:
        if on := join.args.get("on"):
            yield from parts(on, exp.And)


def parts(condition: exp.Expression, connector: type[exp.Connector]) -> Iterator[exp.Expression]:
    """Yield what a chain of ANDs, or of ORs, joins, from left to right."""
    # A loop, not recursion: generated queries chain thousands.
    waiting = [condition]
    while waiting:
        node = bare(waiting.pop())
        if isinstance(node, connector):
            waiting += [node.args["expression"], node.args["this"]]
        else:
            yield node


def bare(node: exp.Expression) -> exp.Expression:
    """Return a node without the parentheses around it."""
    while isinstance(node, exp.Paren):
        node = node.args["this"]
    return node


def operands(condition: exp.Expression) -> list[exp.Expression]:
    """Return what a comparison bounds; nothing when it is none that an index can serve."""
    if isinstance(condition, COMPARISONS):
        return [condition.args["this"], condition.args["expression"]]
    if isinstance(condition, exp.Between | exp.In) or _has_prefix(condition):
        return [condition.args["this"]]
    return []


def named(tree: exp.Select, term: exp.Expression) -> exp.Expression:
    """Return what a term of ORDER BY or GROUP BY stands for: a number or alias of the SELECT."""
    projections: list[exp.Expression] = tree.args.get("expressions") or []
    if isinstance(term, exp.Literal) and not term.is_string:
        place = int(term.name) if term.name.isdigit() else 0
        return unalias(projections[place - 1]) if 0 < place <= len(projections) else term
    if isinstance(term, exp.Column) and not term.table:
        for projection in projections:
            if isinstance(projection, exp.Alias) and projection.alias.lower() == term.name.lower():
                return unalias(projection)
    return term


def unalias(projection: exp.Expression) -> exp.Expression:
    """Return a projection without its alias."""
    inner: exp.Expression = (
        projection.args["this"] if isinstance(projection, exp.Alias) else projection
    )
    return inner


def _has_prefix(condition: exp.Expression) -> bool:
    """Tell whether it is a LIKE or GLOB whose pattern begins with ordinary characters."""
    if not isinstance(condition, exp.Like | exp.Glob):
        return False
    pattern = condition.args["expression"]
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        return False
    return bool(pattern.name) and pattern.name[0] not in _WILDCARDS
