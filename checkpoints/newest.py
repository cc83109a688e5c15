"""Notices a node that works from a checkpoint which its run has left behind.

Whoever loads a checkpoint before it holds the lease may find, once it does, that another went on
from there meanwhile. LangGraph would run the node all the same.
"""

from sqlalchemy import Connection, inspect, text

from checkpoints.writer import Writer
from tools.errors import RunBusy

_NEWEST = text(
    "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = :run AND checkpoint_ns = ''"
)


class Newest:
    """Compares a node's checkpoint with the run's newest one.

    Args:
        writer: Knows of checkpoints that are still to be written.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._has_table = False

    def check(self, connection: Connection, run: str) -> None:
        """Raise when the caller is a node of this run and there is a newer checkpoint than its.

        Checkpoints that another saver keeps are not known here, and not checked.

        Raises:
            RunBusy: There is.
        """
        mine = _checkpoint_of_node(run)
        if not mine or not self._look(connection):
            return
        newest = self._of(connection, run)
        # The ids grow with time; a saver finds the newest by them too.
        if newest is not None and newest > mine:
            raise RunBusy(
                f"Run {run!r} was advanced by another handle or process after it was loaded here.",
                advice="Go on from where it stands now: resume it anew.",
            )

    def was_lost(self, connection: Connection, run: str) -> bool:
        """Tell whether the caller is a node of this run whose checkpoint is not there any more.

        Of a run that has none here, another saver keeps them: that is not known.
        """
        mine = _checkpoint_of_node(run)
        if not mine or not self._look(connection):
            return False
        newest = self._of(connection, run)
        return newest is not None and newest < mine

    def _of(self, connection: Connection, run: str) -> str | None:
        late = self._writer.late(run)
        if late is not None:
            return late.name
        newest: str | None = connection.execute(_NEWEST, {"run": run}).scalar_one()
        return newest

    def _look(self, connection: Connection) -> bool:
        self._has_table = self._has_table or inspect(connection).has_table("checkpoints")
        return self._has_table


def _checkpoint_of_node(run: str) -> str:
    """Return the checkpoint from which the node works that calls this; empty outside of nodes."""
    from langgraph.runtime import get_runtime  # noqa: PLC0415  # looking at runs needs no LangGraph

    try:
        runtime = get_runtime()
    except RuntimeError:
        return ""
    # LangGraph's own types promise a runtime, yet outside of its nodes there may be none.
    info = getattr(runtime, "execution_info", None)
    return str(info.checkpoint_id) if info is not None and info.thread_id == run else ""
