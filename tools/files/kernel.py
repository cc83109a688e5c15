"""The system calls that keep a name beneath its folder: `openat2`, and `renameat2`.

Python has neither. Where the kernel lacks `openat2` a name is walked part by part; both ways accept
and refuse the same names, because neither follows a link.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Final

_OPENAT2: Final = 437  # the same on every architecture
_BENEATH: Final = 0x08 | 0x04 | 0x02  # RESOLVE_BENEATH | NO_SYMLINKS | NO_MAGICLINKS
_NOREPLACE: Final = 1
_EXCHANGE: Final = 2
_LACKING: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})

PASSING: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC | os.O_NOFOLLOW
"""Flags that open something only to look at it or to pass through it."""

Opener = Callable[[int, str, int, int], int]
"""Opens a name beneath a folder's descriptor with flags and mode; returns a descriptor."""


class _How(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def _how(flags: int, mode: int) -> _How:
    """Return what the kernel is told; it only reads it."""
    return _How(flags | os.O_CLOEXEC, mode if flags & os.O_CREAT else 0, _BENEATH)


def opener(folder: int) -> Opener:
    """Return the best way to open names beneath a folder on this kernel."""
    if sys.platform != "linux":  # the number means something else there
        return open_walked
    try:
        os.close(open_resolved(folder, ".", PASSING | os.O_DIRECTORY, 0))
    except OSError:  # too old, or forbidden by a seccomp filter
        return open_walked
    return open_resolved


def open_resolved(folder: int, name: str, flags: int, mode: int) -> int:
    """Open a name beneath a folder in one system call.

    Raises:
        OSError: As `os.open` does; ELOOP for a link anywhere in the name, EXDEV for a way out.
    """
    how = _how(flags, mode)
    opened: int = _library().syscall(
        _OPENAT2, folder, os.fsencode(name), ctypes.byref(how), ctypes.sizeof(how)
    )
    if opened < 0:
        raise _fault(name)
    return opened


def open_walked(folder: int, name: str, flags: int, mode: int) -> int:
    """Open a name beneath a folder part by part, following no link.

    Raises:
        OSError: As `os.open` does; ELOOP or ENOTDIR for a link, EXDEV for a way out.
    """
    *above, last = name.split("/")
    if ".." in (*above, last) or name.startswith("/"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
    here = folder
    try:
        for part in above:
            there = os.open(part, PASSING | os.O_DIRECTORY, dir_fd=here)
            if here != folder:
                os.close(here)
            here = there
        return os.open(last, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=here)
    finally:
        if here != folder:
            os.close(here)


def rename_new(
    old_folder: int, old: str, new_folder: int, new: str, *, portable: bool = False
) -> None:
    """Rename; never replaces what is there.

    Raises:
        OSError: As `os.rename` does; EEXIST when the new name is taken.
    """
    if not portable and _renamed(old_folder, old, new_folder, new, _NOREPLACE):
        return
    # Without the system call there is a moment between looking and renaming.
    with suppress(FileNotFoundError):
        os.stat(new, dir_fd=new_folder, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)


def exchange(folder: int, one: str, other: str, *, portable: bool = False) -> bool:
    """Let two names of a folder change places; False when this kernel or file system cannot.

    Raises:
        OSError: As `os.rename` does.
    """
    return not portable and _renamed(folder, one, folder, other, _EXCHANGE)


def _renamed(old_folder: int, old: str, new_folder: int, new: str, flags: int) -> bool:
    """Call renameat2; False when there is none."""
    call = getattr(_library(), "renameat2", None)
    if call is None:
        return False
    if call(old_folder, os.fsencode(old), new_folder, os.fsencode(new), flags) == 0:
        return True
    if ctypes.get_errno() in _LACKING:
        return False
    raise _fault(new)


def _fault(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)
