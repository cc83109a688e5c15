"""The command line: arguments and printing only; everything else is in `graphs.session`."""

import io
import sys


def main() -> None:
    """Run the command `surefoot`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from graphs.cli.app import build_app  # noqa: PLC0415  # loads for a second: Ctrl-C is calm

        build_app()()
    except KeyboardInterrupt:
        sys.exit(130)
