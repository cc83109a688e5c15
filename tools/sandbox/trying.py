"""The tools that run a program on a private copy and throw away what it changed there."""

from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject, Tool
from tools.files.text import encodable
from tools.sandbox.commandtool import CommandTool, counted, listed, workshop_bounds
from tools.sandbox.workshop import Came, Workshop

CODE_CHARACTERS: Final = 15_000


class TryCommand(CommandTool):
    """Runs a recipe, and leaves everything as it was."""

    name = "try_command"
    description = (
        "Run a configured command on a private copy of the workspace and throw the copy away. "
        "Returns its exit code, its output, and the names of what it changed there. No network."
    )
    effect: ClassVar[EffectClass] = "read"

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Run it.

        Raises:
            Refused: There is no such recipe, or the workspace is too large to be copied.
            Transient: Somebody writes to the workspace at this moment.
            Fatal: No sandbox holds, or the command cannot be started.
        """
        del key
        recipe, argv = self.recipe(args)
        came = self.workshop.run(argv, cwd=recipe.cwd, seconds=recipe.seconds)
        return result_of(str(args["recipe"]), came, self.workshop)


class RunPythonArgs(BaseModel):
    """A program."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, AfterValidator(encodable)] = Field(
        min_length=1, max_length=CODE_CHARACTERS
    )


class RunPython(Tool):
    """Runs Python that the agent wrote, and leaves everything as it was.

    Args:
        workshop: Where it is run.
    """

    name = "run_python"
    description = (
        "Run a Python program on a private copy of the workspace and throw the copy away. "
        "Returns its exit code, what it printed, and the names of what it changed there. "
        "No network."
    )
    effect: ClassVar[EffectClass] = "read"
    args_schema: ClassVar[type[BaseModel]] = RunPythonArgs
    content: ClassVar[frozenset[str]] = frozenset({"code"})

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the interpreter: it touches nothing else."""
        del args
        return frozenset({"command:python"})

    def bounds(self) -> tuple[str, ...]:
        """Return the sandbox and its limits."""
        return workshop_bounds(self.workshop)

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Run it.

        Raises:
            Refused: The workspace is too large to be copied.
            Transient: Somebody writes to the workspace at this moment.
            Fatal: No sandbox holds.
        """
        del key
        came = self.workshop.run(["python", "-"], stdin=str(args["code"]).encode())
        return result_of("python", came, self.workshop)


def result_of(what: str, came: Came, workshop: Workshop) -> JsonObject:
    """Return what came of a program, for people and models."""
    ended, last = came.ended, came.last_words
    return {
        "summary": f"{what}: {came.how}; {counted(came.changes)}"
        + (f". Its last line: {last}" if last else "."),
        "exit_code": ended.exit_code,
        "ended": ended.ending,
        "stdout": came.stdout,
        "stderr": came.stderr,
        "truncated": ended.stdout.truncated or ended.stderr.truncated,
        "stdout_bytes": ended.stdout.total,
        "stderr_bytes": ended.stderr.total,
        "on_the_copy": listed(came.changes),
        "seconds": round(ended.seconds, 2),
        "cpu_seconds": round(ended.cpu_seconds, 2),
        "memory_mb": round(ended.memory_bytes / 2**20),
        "sandbox": workshop.box.name,
    }
