"""The filter of system calls refuses what it names, and what nobody knows yet."""

import errno
import platform

import pytest

from tests.tools.sandbox.programs import python
from tools.sandbox.job import Tier
from tools.sandbox.room import Room
from tools.sandbox.seccomp import program
from tools.sandbox.syscalls import NEWEST, NUMBERS

CALL = "import ctypes; print(ctypes.CDLL(None, use_errno=True).syscall({}), ctypes.get_errno())"
REFUSED = [
    ("ptrace", "0, 1", errno.EPERM),
    ("bpf", "0, 0, 0", errno.EPERM),
    ("keyctl", "0, 0", errno.EPERM),
    ("unshare", "0x10000000", errno.EPERM),
    ("clone", "0x10000011, 0, 0, 0, 0", errno.EPERM),
    ("io_uring_setup", "1, 0", errno.ENOSYS),
    ("memfd_create", "b'name', 0", errno.ENOSYS),
    ("shmget", "0, 4096, 0o1600", errno.ENOSYS),
    ("ioctl", "0, 0x5412, b'x'", errno.EPERM),
]


@pytest.mark.skipif(platform.machine() not in NUMBERS, reason="no numbers of its system calls")
@pytest.mark.parametrize(("name", "arguments", "error"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_dangerous_call_is_refused(
    tier: Tier, room: Room, name: str, arguments: str, error: int
) -> None:
    number = NUMBERS[platform.machine()][name]
    ended = python(CALL.format(f"{number}, {arguments}"), room, tier)
    assert ended.stdout.text == f"-1 {error}\n"


def test_a_call_that_nobody_knew_is_not_there(tier: Tier, room: Room) -> None:
    ended = python(CALL.format(NEWEST + 1), room, tier)
    assert ended.stdout.text == f"-1 {errno.ENOSYS}\n"


@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_ALG", "AF_PACKET"])
def test_sockets_that_no_namespace_holds_are_refused(tier: Tier, room: Room, family: str) -> None:
    code = f"import socket; socket.socket(socket.{family}, socket.SOCK_SEQPACKET)"
    ended = python(code, room, tier)
    assert ended.exit_code == 1
    assert "not permitted" in ended.stderr.text or "not supported" in ended.stderr.text


def test_pairs_of_sockets_still_work(tier: Tier, room: Room) -> None:
    code = "import asyncio; asyncio.run(asyncio.sleep(0)); print('went round')"
    assert python(code, room, tier).stdout.text == "went round\n"


def test_a_machine_without_a_filter_is_refused() -> None:
    with pytest.raises(OSError, match="no filter of system calls is known for vax"):
        program("vax", "namespaces")
