"""The one error tree of Surefoot.

SurefootError
    BadInput                the user's input cannot be used
        UnknownRun          no such run in the store
        UnknownReview       no such review, or it no longer waits
        BadPolicy           a policy file does not validate
    ToolFault               a tool could not do its work
        Refused             the action is not in the tool's vocabulary (a model can mend it)
        Transient           it may work later: locked, timed out
        Fatal               it will not work: read-only, disk full, corrupt
    OutcomeUnknown          an effect was asked for, and whether it happened was not heard
    NotCleared              an action without a valid clearance reached the runner
    UndoConflict            the world no longer is as the effect left it
    RunBusy                 another process holds the run
    GraphChanged            a stored run was made by another graph
    StoreFault              the store cannot be opened or written
"""

from typing import Literal

ExitCode = Literal[2, 10, 20, 23, 24, 25, 26]


class SurefootError(Exception):
    """Base of every error that Surefoot raises for a foreseeable fault.

    Args:
        what: What happened, in one sentence that names the value.
        changed: What was and was not changed by the time it happened.
        advice: What the reader can do next.
    """

    exit_code: ExitCode = 20

    def __init__(
        self, what: str, *, changed: str = "Nothing was changed.", advice: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.changed = changed
        self.advice = advice

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.changed, self.advice) if part)


class BadInput(SurefootError):
    """The user's input cannot be used."""

    exit_code = 2


class UnknownRun(BadInput):
    """No such run in the store."""


class UnknownReview(BadInput):
    """No such review, or it no longer waits for an answer."""


class BadPolicy(BadInput):
    """A policy does not validate."""


class ToolFault(SurefootError):
    """A tool could not do its work."""


class Refused(ToolFault):
    """The action is not in the tool's vocabulary; another proposal may be."""

    exit_code = 23


class Transient(ToolFault):
    """The tool failed in a way that may pass: a lock, a time-out."""


class Fatal(ToolFault):
    """The tool failed in a way that will not pass: read-only, disk full, corrupt."""


class OutcomeUnknown(SurefootError):
    """An effect was asked for, and whether it happened was not heard; no fault of the asking.

    Whoever runs the tool asks its `probe`; when that cannot tell, a person is asked.
    """

    def __init__(self, what: str, *, advice: str = "") -> None:
        super().__init__(what, changed="It may or may not have happened.", advice=advice)


class NotCleared(SurefootError):
    """An action without a valid clearance for its exact hash reached the runner."""

    exit_code = 23


class UndoConflict(SurefootError):
    """The world no longer is as the effect left it, so undoing it could destroy someone's work."""

    exit_code = 24


class RunBusy(SurefootError):
    """Another process holds the run's lease."""

    exit_code = 25


class GraphChanged(SurefootError):
    """A stored run was made by a graph that this version cannot continue."""

    exit_code = 26


class StoreFault(SurefootError):
    """The store cannot be opened, read or written."""
