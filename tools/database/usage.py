"""How a query uses each table that it reads: the raw material of index candidates.

Works on sqlglot's scopes. What cannot be resolved for certain (views, ambiguous names,
expressions) is left out: a missing candidate costs speed, never correctness.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope, walk_in_scope

from tools.database.catalog import Schema, Table
from tools.database.clauses import bare, conditions, named, operands, parts, unalias
from tools.database.vetting import one_piece, parse

Term = tuple[str, bool]
"""A column and whether it descends."""


@dataclass(slots=True)
class Usage:
    """One table instance of a query, and what the query asks of its columns."""

    table: Table
    equal: list[str] = field(default_factory=list)
    """Compared with `=`, `IS` or `IN` to something outside the scope's tables."""
    joined: list[str] = field(default_factory=list)
    """Compared with `=` to a column of another table of the same scope."""
    ranged: list[str] = field(default_factory=list)
    """Compared with `<`, `BETWEEN`, or `LIKE` or `GLOB` with a fixed beginning."""
    either: list[str] = field(default_factory=list)
    """Compared in one arm of an OR."""
    ordered: list[Term] = field(default_factory=list)
    """The leading ORDER BY terms that are its columns."""
    grouped: list[str] = field(default_factory=list)
    """The GROUP BY (or DISTINCT) columns, when all are its own."""
    columns: list[str] = field(default_factory=list)
    """All of its columns that the query reads, in order of appearance."""
    limited: bool = False
    """Whether its scope has a LIMIT."""


def usages(sql: str, schema: Schema) -> list[Usage]:
    """Return the table instances of a query, outer scopes first.

    Args:
        sql: One SELECT.
        schema: Tables that may be indexed; all others are passed over.

    Raises:
        Refused: The text cannot be parsed.
    """
    tree = parse(one_piece(sql))
    try:
        scopes = list(reversed(traverse_scope(tree)))
    except (SqlglotError, RecursionError):
        return []
    reading = _Reading(schema, scopes)
    for scope in scopes:
        reading.take_in(scope)
    return reading.found


def tables_of(sql: str, schema: Schema) -> frozenset[str]:
    """Return the tables whose indexes a query may use, in lower case.

    A query that reads something else, a view for example, may use any.

    Raises:
        Refused: The text cannot be parsed.
    """
    tree = parse(one_piece(sql))
    known = frozenset(name.lower() for name in schema.tables)
    made = {found.alias.lower() for found in tree.find_all(exp.CTE)}
    read = {found.name.lower() for found in tree.find_all(exp.Table)}
    return frozenset(read & known) if read <= known | made else known


class _Reading:
    """The table instances of all scopes, and how columns lead to them."""

    def __init__(self, schema: Schema, scopes: list[Scope]) -> None:
        tables = {name.lower(): table for name, table in schema.tables.items()}
        self._instances: dict[tuple[int, str], Usage | None] = {}
        """None stands for a source that is no table: its columns must not be taken for others'."""
        for scope in scopes:
            for alias, (_, source) in scope.selected_sources.items():
                table = tables.get(source.name.lower()) if isinstance(source, exp.Table) else None
                self._instances[id(scope), alias.lower()] = Usage(table) if table else None

    @property
    def found(self) -> list[Usage]:
        """The instances of tables."""
        return [usage for usage in self._instances.values() if usage]

    def take_in(self, scope: Scope) -> None:
        """Note all that one scope asks of its own and of outer instances."""
        tree = scope.expression
        if not isinstance(tree, exp.Select):
            return
        for node in walk_in_scope(tree):
            if isinstance(node, exp.Column):
                self._note_column(scope, node)
        self._note_stars(scope, tree)
        for condition in conditions(tree):
            self._note_condition(scope, condition)
        self._note_using(scope, tree)
        self._note_order(scope, tree)
        self._note_groups(scope, tree)
        for usage in self._local(scope):
            usage.limited = tree.args.get("limit") is not None

    def _local(self, scope: Scope) -> list[Usage]:
        return [
            usage for (owner, _), usage in self._instances.items() if owner == id(scope) and usage
        ]

    def _resolve(self, scope: Scope, column: exp.Expression) -> tuple[Usage, str, bool] | None:
        """Return the instance and exact name of a column, and whether it is of this very scope."""
        column = bare(column)
        if not isinstance(column, exp.Column) or isinstance(column.this, exp.Star):
            return None
        within: Scope | None = scope
        while within is not None:
            owners = self._owners(within, column)
            if owners:
                usage = owners[0]
                name = _column_name(usage.table, column.name) if usage else ""
                single = len(owners) == 1
                return (usage, name, within is scope) if usage and name and single else None
            within = within.parent
        return None

    def _owners(self, scope: Scope, column: exp.Column) -> list[Usage | None]:
        alias = column.table.lower()
        if alias:
            key = (id(scope), alias)
            return [self._instances[key]] if key in self._instances else []
        inside = [usage for (owner, _), usage in self._instances.items() if owner == id(scope)]
        return [
            usage for usage in inside if usage is None or _column_name(usage.table, column.name)
        ]

    def _note_column(self, scope: Scope, column: exp.Column) -> None:
        found = self._resolve(scope, column)
        if found:
            _add(found[0].columns, found[1])

    def _note_stars(self, scope: Scope, tree: exp.Select) -> None:
        for projection in tree.expressions:
            if not projection.is_star:
                continue
            alias = projection.table.lower() if isinstance(projection, exp.Column) else ""
            for (owner, name), usage in self._instances.items():
                if owner == id(scope) and usage and alias in {"", name}:
                    for column in usage.table.columns:
                        _add(usage.columns, column.name)

    def _note_condition(self, scope: Scope, condition: exp.Expression) -> None:
        if isinstance(condition, exp.Or):
            for arm in parts(condition, exp.Or):
                for part in parts(arm, exp.And):
                    for usage, name in self._bounded(scope, part):
                        _add(usage.either, name)
        elif isinstance(condition, exp.EQ | exp.Is):
            left, right = operands(condition)
            self._note_equality(scope, left, right)
            self._note_equality(scope, right, left)
        else:
            for usage, name in self._bounded(scope, condition):
                _add(usage.equal if isinstance(condition, exp.In) else usage.ranged, name)

    def _note_equality(self, scope: Scope, column: exp.Expression, other: exp.Expression) -> None:
        """Note one side; the other is a constant when no source of the scope is in it."""
        found = self._resolve(scope, column)
        if found and found[2]:
            joins = any(self._owners(scope, inner) for inner in other.find_all(exp.Column))
            _add(found[0].joined if joins else found[0].equal, found[1])

    def _bounded(self, scope: Scope, condition: exp.Expression) -> Iterator[tuple[Usage, str]]:
        """Yield the columns of this very scope that a comparison bounds."""
        for side in operands(condition):
            found = self._resolve(scope, side)
            if found and found[2]:
                yield found[0], found[1]

    def _note_using(self, scope: Scope, tree: exp.Select) -> None:
        for join in tree.args.get("joins") or []:
            for identifier in join.args.get("using") or []:
                for usage in self._local(scope):
                    name = _column_name(usage.table, identifier.name)
                    if name:
                        _add(usage.joined, name)
                        _add(usage.columns, name)

    def _note_order(self, scope: Scope, tree: exp.Select) -> None:
        order = tree.args.get("order")
        first: Usage | None = None
        for term in order.expressions if order else []:
            found = self._resolve(scope, named(tree, term.this))
            if not found or not found[2] or (first is not None and found[0] is not first):
                return
            first = found[0]
            first.ordered.append((found[1], bool(term.args.get("desc"))))

    def _note_groups(self, scope: Scope, tree: exp.Select) -> None:
        group = tree.args.get("group")
        terms = group.expressions if group else []
        if not terms and tree.args.get("distinct"):
            terms = [unalias(projection) for projection in tree.expressions]
        resolved = [self._resolve(scope, named(tree, term)) for term in terms]
        found = [item for item in resolved if item and item[2]]
        if found and len(found) == len(terms) and len({id(item[0]) for item in found}) == 1:
            for usage, name, _ in found:
                _add(usage.grouped, name)


def _column_name(table: Table, name: str) -> str:
    """Return the exact name of a column, or nothing."""
    wanted = name.lower()
    return next((column.name for column in table.columns if column.name.lower() == wanted), "")


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
