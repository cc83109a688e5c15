"""Runs glue code in an interpreter that can do nothing but compute and call.

Each call suspends the program. What is left of it is plain bytes that another process goes on
with, days later; nothing that it computed is computed again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from nodes.glue.values import arguments_of, shown
from tools.contract import JsonObject, Record
from tools.errors import BadInput

if TYPE_CHECKING:
    from pydantic_monty import FunctionSnapshot, MontyError, MontySession, SyncSnapshot

PRINTED_CHARACTERS: Final = 3_000
PROBLEM_CHARACTERS: Final = 1_500
_SLACK_SECONDS: Final = 5.0
_HERE: Final = "<python-input-0>"
"""What the interpreter calls the program itself; other names are those of text that it ran."""


class GlueLimits(Record):
    """What a program may use; what it waits for does not count."""

    seconds: float = 5.0
    """Of computing, from its beginning to its end."""
    turn_seconds: float = 2.0
    """Of computing between two calls."""
    memory_bytes: int = 16 * 1024 * 1024
    kept_bytes: int = 4 * 1024 * 1024
    """What it may hold while it waits for a call."""
    mistakes: int = 100
    """Calls that are no calls of a tool, which fail inside it at once; of each turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call: a value, or what it raises."""

    value: JsonValue = None
    fault: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program and what it may call.

    Args:
        code: Its text.
        functions: For each tool that it may call, the names of its arguments in order.
        seed: What its random numbers come from.
    """

    code: str
    functions: Mapping[str, Sequence[str]]
    seed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A program waits for what comes of a call."""

    tool: str
    args: JsonObject
    line: int
    """Where in its text; 0 when that is not known."""
    left: bytes
    """All that it goes on with."""
    printed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A program came to its end, or broke."""

    value: str = ""
    """What its last line was, when that was an expression; in brief."""
    problem: str = ""
    """What it raised; empty when it came to its end."""
    printed: str = ""


Turn = Called | Over


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Begins programs and goes on with them, each turn in a process that ends with it.

    Args:
        limits: What they may use.
    """

    limits: GlueLimits = field(default_factory=GlueLimits)

    def begin(self, program: Program, inputs: JsonObject) -> Turn:
        """Run a program up to its first call, or its end.

        Args:
            program: What to run.
            inputs: What it finds under the name `inputs`.

        Raises:
            BadInput: The interpreter is not installed.
        """
        printed = _Printed("")

        def start(session: "MontySession") -> "SyncSnapshot":
            return session.feed_start(
                program.code, inputs={"inputs": inputs}, print_callback=printed
            )

        return self._turn(program, printed, start)

    def go_on(self, program: Program, left: bytes, answer: Answer, *, printed: str = "") -> Turn:
        """Go on with a program that waits, up to its next call, or its end.

        Args:
            program: What is gone on with.
            left: What was left of it.
            answer: What came of the call that it waits for.
            printed: What it had printed before.

        Raises:
            BadInput: The interpreter is not installed.
        """
        kept = _Printed(printed)

        def start(session: "MontySession") -> "SyncSnapshot":
            waiting = session.load_snapshot(left, print_callback=kept)
            return _answered(waiting, answer)

        return self._turn(program, kept, start)

    def _turn(
        self,
        program: Program,
        printed: "_Printed",
        start: Callable[["MontySession"], "SyncSnapshot"],
    ) -> Turn:
        monty = _monty()
        limits = self.limits
        used: Any = {
            "max_feed_duration_secs": limits.seconds,
            "max_turn_duration_secs": limits.turn_seconds,
            "max_memory": limits.memory_bytes,
            "max_suspensions": limits.mistakes,
        }
        policy: Any = {"sleep": "zero", "timezone": "utc", "random_start": {"seed": program.seed}}
        patience = limits.turn_seconds + _SLACK_SECONDS
        try:
            with (
                monty.Monty(max_processes=1, request_timeout=patience) as pool,
                pool.checkout(limits=used, os_policy=policy) as session,
            ):
                return self._next_call(program, printed, start(session))
        except monty.MontyError as fault:
            return Over(problem=_problem(fault), printed=printed.text)

    def _next_call(self, program: Program, printed: "_Printed", at: "SyncSnapshot") -> Turn:
        """Answer what is no call of a tool, until one comes or the program is over."""
        monty = _monty()
        while not isinstance(at, monty.MontyComplete):
            if isinstance(at, monty.NameLookupSnapshot):
                at = at.resume()
            elif not isinstance(at, monty.FunctionSnapshot):
                return Over(problem="It awaits what nothing answers.", printed=printed.text)
            elif at.is_os_function or at.object_id is not None:
                at = at.resume_not_handled()
            else:
                try:
                    args = _arguments(program, at)
                except (NameError, TypeError) as mistake:
                    at = at.resume({"exception": mistake})
                    continue
                return self._called(program, printed, at, args)
        return Over(value=shown(at.output), printed=printed.text)

    def _called(
        self, program: Program, printed: "_Printed", at: "FunctionSnapshot", args: JsonObject
    ) -> Turn:
        left = at.dump()
        if len(left) > self.limits.kept_bytes:
            what = f"It holds {len(left)} bytes when it calls {at.function_name}"
            problem = f"{what}; at most {self.limits.kept_bytes} are kept."
            return Over(problem=problem, printed=printed.text)
        return Called(
            tool=str(at.function_name),
            args=args,
            line=_line(program.code, at),
            left=left,
            printed=printed.text,
        )


@dataclass(slots=True)
class _Printed:
    """Keeps the beginning of what a program prints."""

    text: str

    def __call__(self, _stream: str, more: str) -> None:
        self.text += more[: max(0, PRINTED_CHARACTERS - len(self.text))]


def refuse_missing() -> None:
    """Raise when the interpreter is not installed.

    Raises:
        BadInput: It is not.
    """
    _monty()


def _monty() -> Any:  # noqa: ANN401  # a module from an extra
    try:
        import pydantic_monty  # noqa: PLC0415  # from an extra
    except ImportError as fault:
        raise BadInput(
            "Programs as steps need the interpreter pydantic-monty, which is not installed.",
            advice="Install it with `pip install 'surefoot[sandbox]'`.",
        ) from fault
    return pydantic_monty


def _answered(waiting: "SyncSnapshot", answer: Answer) -> "SyncSnapshot":
    from pydantic_monty import FunctionSnapshot  # noqa: PLC0415  # from an extra

    if not isinstance(waiting, FunctionSnapshot):
        raise TypeError("what was kept of the program does not wait for a call")
    if answer.fault is not None:
        return waiting.resume({"exception": answer.fault})
    return waiting.resume({"return_value": answer.value})


def _arguments(program: Program, call: "FunctionSnapshot") -> JsonObject:
    """Return the arguments of a call of a tool, by name and as plain JSON.

    Raises:
        NameError: It is no tool that the step may call.
        TypeError: The arguments cannot be those of a tool.
    """
    tool = str(call.function_name)
    if tool not in program.functions:
        known = ", ".join(program.functions) or "nothing"
        raise NameError(f"name {tool!r} is not defined; this step may call {known}")
    return arguments_of(tool, program.functions[tool], call.args, call.kwargs)


def _line(code: str, call: "FunctionSnapshot") -> int:
    if call.position.filename != _HERE:
        return 0
    return code.encode()[: call.position.start].count(b"\n") + 1


def _problem(fault: "MontyError") -> str:
    """Return what went wrong, with the place when it is known; the end says it best."""
    display = getattr(fault, "display", None)
    text = str(display()) if display is not None else str(fault)
    return text[-PROBLEM_CHARACTERS:] or type(fault).__name__
