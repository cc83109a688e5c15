"""The store's one connection: who may use it when, and what is committed together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import RLock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from checkpoints.faults import store_fault
from tools.errors import StoreFault


class Writer:
    """Lends one connection to one thread at a time, always inside a transaction.

    Args:
        engine: An engine whose connections neither begin nor commit by themselves.
        setup: Statements to run first, outside of any transaction.

    Raises:
        StoreFault: The database cannot be used.
    """

    def __init__(self, engine: Engine, *, setup: Sequence[str] = ()) -> None:
        self._lock = RLock()
        self._engine = engine
        try:
            self._connection = engine.connect()
            self._set_up(setup)
        except DBAPIError as error:
            raise store_fault(error) from error

    def _set_up(self, statements: Sequence[str]) -> None:
        try:
            for statement in statements:
                self._connection.exec_driver_sql(statement)
            self._connection.commit()
        except DBAPIError:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend the connection for changes; they are committed together, or none is.

        Inside another `write` of the same thread it is a part of that one: its own failure takes
        back only its own changes, the outer one commits or takes back all.

        Raises:
            StoreFault: The database cannot be written.
        """
        with self._lock:
            if self._open().in_transaction():
                with self._connection.begin_nested():
                    yield self._connection
            else:
                with self._begun("BEGIN IMMEDIATE"):
                    yield self._connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend the connection for queries; inside a `write` they see its changes.

        Raises:
            StoreFault: The database cannot be read.
        """
        with self._lock:
            if self._open().in_transaction():
                yield self._connection
            else:
                with self._begun("BEGIN"):
                    yield self._connection

    def close(self) -> None:
        """Close the connection; may be called twice."""
        with self._lock:
            self._connection.close()
            self._engine.dispose()

    def _open(self) -> Connection:
        if self._connection.closed:
            raise StoreFault("The store is closed.", advice="Open it again with `open_store`.")
        return self._connection

    @contextmanager
    def _begun(self, begin: str) -> Iterator[None]:
        try:
            with self._connection.begin():
                self._connection.exec_driver_sql(begin)
                yield
        except DBAPIError as error:
            raise store_fault(error) from error
