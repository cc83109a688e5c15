"""The fallback without namespaces: Landlock holds files, TCP and signals, seccomp the rest.

What Landlock does not know (UDP, Unix sockets with a name, modes and owners of files) the system
call filter refuses; see `docs/tools/commands.md` for what each tier stops.
"""

from collections.abc import Iterable

from tools.sandbox import kernel

LEAST_ABI = 4
"""Knows TCP; enough for a user of its own, who has nothing outside to signal."""
SCOPED_ABI = 6
"""Knows signals and abstract sockets; needed when the user has other processes."""

_EXECUTE, _WRITE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_LINKING = 1 << 13
_ALL_FS = (1 << 15) - 1
"""Every right over files up to ABI 3: read, write, make, remove, link, truncate."""
_IOCTL_DEV_ABI, _IOCTL_DEV = 5, 1 << 15
_ALL_NET = 0b11
"""Bind and connect over TCP."""
_ALL_SCOPES = 0b11
"""Abstract sockets and signals."""
_OF_FILES = _EXECUTE | _WRITE | _READ_FILE | _TRUNCATE
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def confine(abi: int, reads: Iterable[str], writes: Iterable[str]) -> None:
    """Forbid this process, and all that it starts, everything but these paths.

    Args:
        abi: The version of Landlock to use.
        reads: Folders and files to read and to run; those that are not there are passed over.
        writes: Folders in which everything may be done.

    Raises:
        OSError: The kernel cannot.
    """
    everything = _ALL_FS | (_IOCTL_DEV if abi >= _IOCTL_DEV_ABI else 0)
    scoped = _ALL_SCOPES if abi >= SCOPED_ABI else 0
    ruleset = kernel.landlock_ruleset(everything, _ALL_NET, scoped)
    for path in reads:
        _allow(ruleset, _READING, path)
    for path in writes:
        _allow(ruleset, _ALL_FS, path)
    for path in _DEVICES:
        _allow(ruleset, _READ_FILE | _WRITE, path)
    kernel.landlock_restrict(ruleset)


def keep_signals_in(abi: int) -> None:
    """Make a domain of this process and all that it starts; its signals do not leave it.

    Whoever keeps a sandbox can then end everything in it at once, however fast it forks, and
    nothing else of the same user.

    Args:
        abi: The version of Landlock to use; an old one knows no signals, and nothing is done.
    """
    if abi >= SCOPED_ABI:
        kernel.landlock_restrict(kernel.landlock_ruleset(0, 0, _ALL_SCOPES))


def _allow(ruleset: int, access: int, path: str) -> None:
    """Allow something beneath a path; a file takes only the rights that files have."""
    try:
        kernel.landlock_allow(ruleset, access, path)
    except FileNotFoundError:
        return
    except OSError:
        kernel.landlock_allow(ruleset, access & _OF_FILES, path)
