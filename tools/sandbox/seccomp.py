"""A filter of system calls for programs in a sandbox, as a BPF program.

A list of what is refused, not of what is allowed: programs must run that nobody foresaw. What the
kernel learns after this list was written is refused as a whole.
"""

import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tools.sandbox.syscalls import NEWEST, NUMBERS

Strictness = Literal["namespaces", "landlock", "landlock as oneself"]
"""What else holds the program: namespaces; Landlock and a user of its own; Landlock alone."""

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_KILL, _ALLOW, _ERRNO = 0x8000_0000, 0x7FFF_0000, 0x0005_0000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ARCHITECTURES: Mapping[str, int] = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_X32 = 0x4000_0000
_NAMESPACES = 0x7E02_0000
"""Flags of clone that make a namespace."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_STREAM, _TYPES = 1, 0xF
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6 and netlink: all of them end at a network namespace; vsock does not."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the low half of an argument; the system call is refused when it holds."""

    argument: int
    op: Literal["any of", "all but", "bits"]
    values: Sequence[int]
    mask: int = 0
    """Bits of the argument that count; all when 0."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A system call that is refused: always, or under each one of some conditions."""

    call: str
    error: int = errno.EPERM
    when: Sequence[When] = ()


def _words(text: str) -> list[str]:
    return text.split()


_KERNEL = _words(
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease "
    "keyctl add_key request_key bpf perf_event_open userfaultfd lookup_dcookie "
    "mount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsconfig fsmount "
    "fspick mount_setattr listmount statmount setns unshare open_by_handle_at name_to_handle_at "
    "kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff reboot acct "
    "quotactl quotactl_fd syslog settimeofday clock_settime clock_adjtime adjtimex vhangup "
    "sethostname setdomainname iopl ioperm modify_ldt nfsservctl move_pages migrate_pages "
    "fanotify_init fanotify_mark lsm_set_self_attr"
)
"""What no program in a sandbox needs, and through which kernels were broken."""
_UNCOUNTED = _words(
    "memfd_create memfd_secret shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl "
    "semtimedop mq_open io_uring_setup io_uring_enter io_uring_register"
)
"""Memory that no limit of a process counts, and a way around filters; said not to exist."""
_WATCHING = _words("inotify_init inotify_init1 inotify_add_watch")
"""What shows names in folders that may not be listed."""
_METADATA = _words(
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat "
    "utime utimes futimesat utimensat file_setattr"
)
"""What Landlock lets through, on every file of the same user; said to work, and does not."""
_ATTRIBUTES = _words(
    "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat"
)
_OTHERS = _words("sched_setaffinity sched_setscheduler sched_setparam sched_setattr prlimit64")
"""What, with the number of a process, changes it."""


def program(machine: str, strictness: Strictness) -> bytes:
    """Return the filter for an architecture.

    Raises:
        OSError: The architecture is not known.
    """
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    numbers = NUMBERS[machine]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_ABOVE, 0, 1, _X32 - 1),
        (_RETURN, 0, 0, _KILL),
        (_ABOVE, 0, 1, NEWEST),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for refusal in _refusals(strictness):
        if refusal.call in numbers:
            code += _block(numbers[refusal.call], refusal)
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def _refusals(strictness: Strictness) -> Iterator[Refusal]:
    yield from (Refusal(name) for name in _KERNEL)
    yield from (Refusal(name, errno.ENOSYS) for name in _UNCOUNTED)
    # The flags of clone3 lie in memory, where a filter cannot look; callers fall back to clone.
    yield Refusal("clone3", errno.ENOSYS)
    yield Refusal("clone", when=[When(0, "bits", [_NAMESPACES])])
    yield Refusal("ioctl", when=[When(1, "any of", [_TIOCSTI, _TIOCLINUX])])
    if strictness == "namespaces":
        yield Refusal("socket", errno.EAFNOSUPPORT, [When(0, "all but", _FAMILIES)])
        return
    yield Refusal("socket")
    # An unconnected one could still be sent to a name.
    yield Refusal("socketpair", when=[When(1, "all but", [_STREAM], mask=_TYPES)])
    yield from (Refusal(name) for name in _WATCHING)
    if strictness == "landlock as oneself":
        yield from (Refusal(name, 0) for name in _METADATA)
        yield from (Refusal(name, errno.ENOTSUP) for name in _ATTRIBUTES)
        yield from (Refusal(name, when=[When(0, "all but", [0])]) for name in _OTHERS)
        yield Refusal("setpriority", when=[When(0, "all but", [0]), When(1, "all but", [0])])
        yield Refusal("ioprio_set", when=[When(0, "all but", [1]), When(1, "all but", [0])])


def _block(number: int, refusal: Refusal) -> list[tuple[int, int, int, int]]:
    """Return the lines that refuse one system call, and pass on with its number loaded."""
    refuse = (_RETURN, 0, 0, _ERRNO | refusal.error)
    if not refusal.when:
        return [(_EQUAL, 0, 1, number), refuse]
    inner: list[tuple[int, int, int, int]] = []
    for condition in refusal.when:
        inner += _condition(condition, refuse)
    inner.append((_LOAD, 0, 0, _NUMBER_AT))
    return [(_EQUAL, 0, len(inner), number), *inner]


def _condition(
    condition: When, refuse: tuple[int, int, int, int]
) -> list[tuple[int, int, int, int]]:
    lines = [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * condition.argument)]
    if condition.mask:
        lines.append((_AND, 0, 0, condition.mask))
    count = len(condition.values)
    if condition.op == "bits":
        return [*lines, (_ANY_BIT, 0, 1, condition.values[0]), refuse]
    if condition.op == "any of":
        for place, value in enumerate(condition.values):
            lines.append((_EQUAL, count - place - 1, int(place == count - 1), value))
        return [*lines, refuse]
    for place, value in enumerate(condition.values):
        lines.append((_EQUAL, count - place, 0, value))
    return [*lines, refuse]
