"""Which SQL text is a query and nothing else: the vocabulary, our first defence."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.database.lexer import Piece, Token, refuse_control_characters, split
from tools.errors import Refused

MAX_SQL_BYTES = 100_000
"""Longer statements are refused unread."""
_MAX_DEPTH = 60
FORBIDDEN_FUNCTIONS = frozenset(
    {
        "load_extension",
        "readfile",
        "writefile",
        "edit",
        "fts3_tokenizer",
        "zeroblob",
        "randomblob",
        "lsdir",
        "fsdir",
        "zipfile",
        "sqlite_dbpage",
        "sqlite_stmt",
        "dbstat",
        "bytecode",
        "tables_used",
    }
)
"""Functions and table-valued functions that reach outside the data, or make bombs."""
_FORBIDDEN_NODES = (
    exp.DDL,
    exp.DML,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Drop,
    exp.Alter,
    exp.Pragma,
    exp.Attach,
    exp.Detach,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Set,
)


def one_piece(text: str) -> Piece:
    """Return the single statement of a text.

    Raises:
        Refused: It is too long, has control characters, or holds no or several statements.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SQL_BYTES:
        raise Refused(f"The SQL text is longer than {MAX_SQL_BYTES} bytes.")
    refuse_control_characters(text)
    pieces = split(text)
    if len(pieces) != 1:
        raise Refused(
            f"The SQL text holds {len(pieces)} statements; exactly one is accepted.",
            advice="Give one SELECT.",
        )
    return pieces[0]


def vet_query(piece: Piece) -> exp.Query:
    """Return the parsed query of a statement.

    Raises:
        Refused: It is not one SELECT or compound SELECT; the message says which rule it breaks.
    """
    _vet_tokens(piece)
    tree = parse(piece)
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise _refused(piece, f"it is a {tree.key.upper()}, only SELECT is accepted")
    for node in tree.walk():
        if isinstance(node, _FORBIDDEN_NODES):
            raise _refused(piece, f"{node.key.upper()} is not part of a query")
    return tree


def parse(piece: Piece) -> exp.Expression:
    """Return sqlglot's tree of one statement.

    Raises:
        Refused: sqlglot cannot read it, or sees not exactly one statement.
    """
    _vet_depth(piece)
    try:
        trees = sqlglot.parse(piece.text, dialect="sqlite")
    except (SqlglotError, RecursionError) as fault:
        reason = str(fault).splitlines()[0] if str(fault) else "it is nested too deeply"
        raise _refused(piece, f"it cannot be parsed ({reason})") from fault
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Expression):
        raise _refused(piece, "it is not exactly one statement")
    return tree


def _vet_tokens(piece: Piece) -> None:
    first = piece.tokens[0].name
    if piece.tokens[0].kind != "word" or first not in {"select", "with"}:
        raise _refused(piece, f"it begins with {piece.tokens[0].text[:40]!r}, not with SELECT")
    for token, following in zip(piece.tokens, (*piece.tokens[1:], None), strict=True):
        if token.kind == "parameter":
            raise _refused(
                piece,
                f"it has the parameter {token.text!r}",
                advice="Write a typical value in its place.",
            )
        if token.kind in {"word", "quoted"} and token.name.startswith("pragma_"):
            raise _refused(piece, f"the table-valued PRAGMA {token.name!r} is not accepted")
        if token.kind in {"word", "quoted"} and token.name in FORBIDDEN_FUNCTIONS:
            _vet_call(piece, token, following)


def _vet_call(piece: Piece, token: Token, following: Token | None) -> None:
    table_like = {"sqlite_dbpage", "sqlite_stmt", "dbstat", "fsdir"}
    if token.name in table_like or (following is not None and following.text == "("):
        raise _refused(piece, f"{token.name!r} is not accepted in a query")


def _vet_depth(piece: Piece) -> None:
    depth = 0
    for token in piece.tokens:
        if token.kind == "other":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth > _MAX_DEPTH:
            raise _refused(piece, f"parentheses are nested more than {_MAX_DEPTH} deep")


def _refused(piece: Piece, rule: str, *, advice: str = "Give one SELECT.") -> Refused:
    shown = " ".join(piece.text[:80].split())
    return Refused(f"The statement {shown!r} is refused: {rule}.", advice=advice)
