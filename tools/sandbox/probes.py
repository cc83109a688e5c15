"""Fifteen ways out of a sandbox, tried from inside; each returns what it got, or nothing.

Runs as a script of its own inside, with the standard library only: `escape.py` puts it there,
with baits outside, and looks afterwards what became of them.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Bait = Mapping[str, Any]
_CLONE_NEWUSER = 0x1000_0000
_PTRACE_ATTACH, _PTRACE_DETACH = 16, 17
_SECONDS = 0.5


def read_file(bait: Bait) -> str:
    """Read a file outside that everybody may read."""
    return f"read {Path(bait['file']).read_text()!r}"


def write_outside(bait: Bait) -> str:
    """Make, change and open a file to others in a folder outside that everybody may write to."""
    got = []
    with contextlib.suppress(OSError):
        Path(bait["folder"], "made").write_text("by the program")
        got.append("made a file")
    with contextlib.suppress(OSError):
        Path(bait["file"]).write_text("changed")
        got.append("changed a file")
    with contextlib.suppress(OSError):
        # Whether it only seems to work is seen from outside.
        Path(bait["file"]).chmod(0o777)
    return ", ".join(got)


def read_environment(bait: Bait) -> str:
    """Find a secret in the environment, one's own or that of a process above."""
    if bait["variable"] in os.environ:
        return "it is in the environment"
    text = Path(f"/proc/{os.getppid()}/environ").read_bytes()
    return "it is in the parent's environment" if bait["variable"].encode() in text else ""


def connect_tcp(bait: Bait) -> str:
    """Connect to a port of this machine."""
    with socket.create_connection(("127.0.0.1", bait["tcp"]), _SECONDS):
        return "connected"


def send_udp(bait: Bait) -> str:
    """Send a datagram to a port of this machine; whether it arrives is seen from outside."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"out", ("127.0.0.1", bait["udp"]))
    return ""


def connect_abstract(bait: Bait) -> str:
    """Connect to a Unix socket that has no path."""
    return _connect_unix("\0" + bait["abstract"])


def connect_path(bait: Bait) -> str:
    """Connect to a Unix socket at a path, as that of a container engine is."""
    return _connect_unix(bait["socket"])


def see_process(bait: Bait) -> str:
    """Read what another process was started with."""
    told = Path(f"/proc/{bait['pid']}/cmdline").read_text()
    return f"saw {told!r}" if bait["token"] in told else ""


def signal_process(bait: Bait) -> str:
    """End another process."""
    os.kill(bait["pid"], signal.SIGTERM)
    return "sent it a signal"


def seize_process(bait: Bait) -> str:
    """Trace another process, or change its limits."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, bait["pid"], None, None) == 0:
        libc.ptrace(_PTRACE_DETACH, bait["pid"], None, None)
        return "traced it"
    before = resource.prlimit(bait["pid"], resource.RLIMIT_CORE)
    resource.prlimit(bait["pid"], resource.RLIMIT_CORE, (0, before[1]))
    return "changed its limits"


def fork_bomb(bait: Bait) -> str:
    """Have more processes at once than are allowed."""
    waiting, release = os.pipe()
    children: list[int] = []
    try:
        while len(children) < bait["processes"]:
            child = os.fork()
            if not child:
                os.close(release)
                os.read(waiting, 1)
                os._exit(0)
            children.append(child)
    except OSError:
        return ""
    finally:
        os.close(release)
        os.close(waiting)
        for child in children:
            os.waitpid(child, 0)
    return f"had {len(children)} processes"


def memory_bomb(bait: Bait) -> str:
    """Take more memory than is allowed."""
    taken = bytearray(bait["memory_bytes"])
    return f"took {len(taken)} bytes"


def disk_bomb(bait: Bait) -> str:
    """Write more to the disk than is allowed."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("bomb", "wb") as file:  # noqa: PTH123  # as a program would
        os.posix_fallocate(file.fileno(), 0, bait["disk_bytes"])
    Path("bomb").unlink()
    return f"wrote {bait['disk_bytes']} bytes"


def make_namespace(bait: Bait) -> str:
    """Become root of a user namespace, which opens most of the kernel to attacks."""
    del bait
    child = os.fork()
    if not child:
        made = ctypes.CDLL(None).unshare(_CLONE_NEWUSER)
        os._exit(0 if made == 0 else 1)
    return "" if os.waitpid(child, 0)[1] else "made one"


def leave_daemon(bait: Bait) -> str:
    """Leave a process behind that has nothing more to do with this one; it is sought outside."""
    subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-S", "-c", "import time; time.sleep(60)", bait["daemon"]],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return ""


PROBES: tuple[Callable[[Bait], str], ...] = (
    read_file,
    write_outside,
    read_environment,
    connect_tcp,
    send_udp,
    connect_abstract,
    connect_path,
    see_process,
    fork_bomb,
    memory_bomb,
    disk_bomb,
    make_namespace,
    seize_process,
    signal_process,
    leave_daemon,
)


def main() -> None:
    """Try all of them and print what each got."""
    bait = json.loads(sys.argv[1])
    got = {}
    for probe in PROBES:
        try:
            got[probe.__name__] = probe(bait)
        except (OSError, MemoryError, ValueError):
            got[probe.__name__] = ""
    print(json.dumps(got))  # noqa: T201  # whoever started it reads it


def _connect_unix(address: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_SECONDS)
        client.connect(address)
        return "connected"


if __name__ == "__main__":
    main()
