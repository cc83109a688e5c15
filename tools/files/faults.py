"""Says what went wrong with a file in the words of the error tree."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tools.errors import Fatal, Refused, SurefootError, ToolFault, Transient

_PASSING: Final = frozenset(
    {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.ESTALE}
)
_REFUSALS: Final = {
    errno.ENOENT: "There is no {name!r} in the workspace.",
    errno.EEXIST: "There is a {name!r} already.",
    errno.ENOTDIR: "A part of {name!r} is not a folder, or is a link.",
    errno.EISDIR: "{name!r} is a folder.",
    errno.ENOTEMPTY: "The folder {name!r} is not empty.",
    errno.ELOOP: "{name!r} is a link, or lies behind one; links are not followed.",
    errno.EXDEV: "{name!r} leads out of the workspace, or to another file system.",
    errno.EACCES: "The system does not permit access to {name!r}.",
    errno.EPERM: "The system does not permit that with {name!r}.",
    errno.ENAMETOOLONG: "The name {name!r:.120} is too long.",
    errno.ENXIO: "{name!r} is not a regular file.",
    errno.ETXTBSY: "{name!r} is a program that is running.",
}


class NotSynced(SurefootError):
    """Something was done, but it is not known whether it would survive a loss of power.

    No `ToolFault`, because those say that nothing was done.
    """


def fault_of(error: OSError, name: str) -> ToolFault:
    """Return what an error of the system means for a file."""
    shown = name or "."
    if error.errno in _PASSING:
        return Transient(f"{shown!r} cannot be had just now ({error.strerror}).")
    if error.errno in _REFUSALS:
        return Refused(_REFUSALS[error.errno].format(name=shown))
    return Fatal(f"{shown!r} cannot be worked on: {error.strerror}.")


@contextmanager
def told(name: str) -> Iterator[None]:
    """Raise errors of the system as faults that name the file.

    Raises:
        ToolFault: The system refused, or failed.
    """
    try:
        yield
    except OSError as error:
        raise fault_of(error, name) from error


@contextmanager
def done(name: str) -> Iterator[None]:
    """Raise errors of the system after the point of no return as what they are.

    Raises:
        NotSynced: The system failed to clean up or to sync.
    """
    try:
        yield
    except OSError as error:
        raise NotSynced(
            f"{name!r} was changed, but the system then failed: {error.strerror}.",
            changed="The change is there.",
            advice="Look at the disk.",
        ) from error
