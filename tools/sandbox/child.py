"""What becomes of a fresh process before it is the program that is kept."""

import contextlib
import os
import resource
import signal
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from tools.sandbox import kernel, landlock, seccomp
from tools.sandbox.limits import Limits
from tools.sandbox.order import Order

_NICE = 5
STARTED_BY_ITSELF = 10
"""Threads and processes that whoever sets a sandbox up needs besides the program."""


def become(order: Order, *, streams: tuple[int, int, int], told: int, taken: int) -> NoReturn:
    """Turn this process, a fresh fork, into the program of an order.

    Args:
        order: The program.
        streams: Its input, output and errors.
        told: Where a reason why it cannot begin is written; closes when it begins.
        taken: Processes that the user has already, besides those of this sandbox.
    """
    try:
        os.setsid()
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
        _offer(order)
        _limit(order.limits, taken)
        _change_user(order.user)
        os.chdir(order.cwd)
        _confine(order)
        os.execvpe(order.argv[0], [*order.argv], {**order.env})  # noqa: S606  # no shell is wanted
    except BaseException as fault:  # noqa: BLE001  # a fork must end here, whatever happens
        os.write(told, f"{type(fault).__name__}: {fault}".encode()[:2000])
    os._exit(127)


def filter_of(order: Order) -> bytes:
    """Return the filter of system calls of an order."""
    return seccomp.program(kernel.machine(), order.strictness)


def _offer(order: Order) -> None:
    """Put the texts that the program expects where it expects them."""
    texts = {int(place): b64decode(text) for place, text in order.files.items()}
    if order.filter_fd:
        texts[order.filter_fd] = filter_of(order)
    for place, text in texts.items():
        holder = os.memfd_create("offered")
        os.write(holder, text)
        os.lseek(holder, 0, os.SEEK_SET)
        os.dup2(holder, place)


def _limit(limits: Limits, taken: int) -> None:
    """Set the limits of each process; nothing in it can raise them again."""
    processes = limits.processes + STARTED_BY_ITSELF + taken
    wanted: Mapping[int, int] = {
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.disk_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for name, most in wanted.items():
        _set_limit(name, most, most)
    seconds = max(1, round(limits.cpu_seconds))
    _set_limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    # Whoever watches it must be heard, however many of it want to run.
    os.nice(_NICE)
    # When the machine runs out of memory, this is what goes first.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _set_limit(name: int, soft: int, hard: int) -> None:
    """Lower a limit; one that is lower already stays."""
    highest = resource.getrlimit(name)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(name, (soft, hard))


def _change_user(user: int) -> None:
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    # Set here, because changing the user takes it back.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _confine(order: Order) -> None:
    os.umask(0o022)
    if order.filter_fd:
        return
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if order.landlock:
        landlock.confine(order.landlock, order.reads, order.writes)
    kernel.seccomp_filter(filter_of(order))
