"""What the sandbox asks of the Linux kernel and Python has no words for.

Used by the keeper, a process of its own that starts with the standard library only.
"""

import ctypes
import os
import platform
import struct
from functools import cache

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER = 1
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1

_CLONE_NEWNS = 0x0002_0000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x4_0000


def machine() -> str:
    """Return the processor's architecture as Linux calls it."""
    return platform.machine()


def prctl(option: int, value: int) -> None:
    """Set a property of this process (OSError when the kernel will not)."""
    zero = ctypes.c_ulong(0)
    _checked(_libc().prctl(option, ctypes.c_ulong(value), zero, zero, zero), "prctl")


def landlock_abi() -> int:
    """Return the version of Landlock that the kernel offers; 0 for none."""
    found = _syscall(
        _SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION
    )
    return max(found, 0)


def landlock_ruleset(fs: int, net: int, scoped: int) -> int:
    """Make a set of rules and return its file descriptor.

    Args:
        fs: What with files is forbidden unless a rule allows it.
        net: What with the network is.
        scoped: What beyond the domain is; 0 for kernels that do not know it.
    """
    attributes = struct.pack("=QQQ", fs, net, scoped)
    size = len(attributes) if scoped else len(attributes) - 8
    made = _syscall(_SYS_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    return _checked(made, "landlock_create_ruleset")


def landlock_allow(ruleset: int, access: int, path: str) -> None:
    """Allow something beneath a path (FileNotFoundError when there is none)."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", access, descriptor)
        made = _syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)
        _checked(made, f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


def landlock_restrict(ruleset: int) -> None:
    """Bind this thread and all that it starts to a set of rules, for ever."""
    _checked(_syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")


def seccomp_filter(program: bytes) -> None:
    """Let a BPF program judge every system call of this thread and all that it starts."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    number = _SYS_SECCOMP[machine()]
    _checked(_syscall(number, _SECCOMP_SET_MODE_FILTER, 0, header), "seccomp")


def unshare_mounts() -> None:
    """Give this process a view of the file systems of its own; nothing gets out of it."""
    _checked(_libc().unshare(_CLONE_NEWNS), "unshare")
    mount("none", "/", "", MS_REC | MS_PRIVATE)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount a file system, or a part of one that is mounted (OSError when it cannot be)."""
    _checked(
        _libc().mount(
            os.fsencode(source),
            os.fsencode(target),
            os.fsencode(kind) or None,
            ctypes.c_ulong(flags),
            os.fsencode(options) or None,
        ),
        f"mount {target}",
    )


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    made: int = _libc().syscall(ctypes.c_long(number), *arguments)
    return made


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
