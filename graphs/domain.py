"""What a domain brings: tools, policy, checks, instructions, and a playbook."""

from dataclasses import dataclass
from importlib.resources.abc import Traversable

from nodes.context import Checks, Decider, Planner
from nodes.models.prompts import INSTRUCTIONS_CHARACTERS, Brief
from nodes.state import Boundaries
from tools.contract import JsonObject
from tools.errors import BadInput
from tools.policy import Policy
from tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Everything that makes the general graph an agent for one kind of work."""

    name: str
    tools: Toolbox
    policy: Policy
    checks: Checks
    planner: Planner
    decider: Decider
    boundaries: Boundaries
    """Scope of a goal that names none."""
    settings: JsonObject
    """What `graphs/assembly.py` needs to open the same domain in another process."""
    instructions: str | Traversable = ""
    """What models are told about this kind of work, as trusted text; a file is read when needed.

    A file of a package is `importlib.resources.files("package") / "instructions.md"`.
    """
    principals: tuple[str, ...] = ()
    """People and accounts that are known and trusted, e.g. an address book."""
    words: tuple[str, ...] = ()
    """What the user said beside the goal, e.g. a runbook; arguments may come from it."""
    protected: tuple[str, ...] = ()
    """Globs over resources that no agent changes without a person: what it is measured by, and what
    holds it. Letter case makes no difference."""
    constraints: tuple[str, ...] = ()
    """In words for models and people, what `checks` holds the world to."""

    def brief(self) -> Brief:
        """Return what the domain tells its models.

        Raises:
            BadInput: The instructions cannot be read, or are too long for every prompt.
        """
        text = self._read().strip()
        if len(text) > INSTRUCTIONS_CHARACTERS:
            raise BadInput(
                f"The instructions of the domain {self.name!r} have {len(text)} characters.",
                advice=f"Every prompt carries them: {INSTRUCTIONS_CHARACTERS} at most.",
            )
        return Brief(instructions=text, constraints=self.constraints)

    def _read(self) -> str:
        if isinstance(self.instructions, str):
            return self.instructions
        try:
            return self.instructions.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise BadInput(
                f"The instructions of the domain {self.name!r} cannot be read: {fault}.",
                advice="Give a text, or a file that is installed with the domain.",
            ) from fault
