"""What a model is shown: two messages, of bounded size, with everything that is read fenced.

A fence is named after the digest of what it holds. Whoever writes the text cannot know that name
before the text is complete, so no text can close its own fence; and the same content makes the
same prompt, which an exact cache needs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from tools.contract import JsonObject, canonical, digest
from tools.errors import BadInput

REPAIR_CHARACTERS = 2000
"""How much of an answer that could not be used is shown again."""
INSTRUCTIONS_CHARACTERS = 6_000
CONSTRAINTS_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One labelled part of what a model is shown."""

    label: str
    value: JsonValue
    limit: int
    """Characters at most; what is longer is cut, and says so."""
    trusted: bool = False
    """Whether these are words of the user or of this program; all else is fenced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Two messages, and what an answer looks like."""

    name: str
    version: str
    """Digest of the instructions."""
    system: str
    user: str
    schema: JsonObject = field(default_factory=dict)
    """JSON schema of the answer; empty when there is none."""
    strict: bool = False
    """Whether the schema is within what strict structured output accepts."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that the model is shown."""
        return digest({"system": self.system, "user": self.user, "schema": self.schema})

    @property
    def size(self) -> int:
        """Bytes of all that the model is shown."""
        return len((self.system + self.user + canonical(self.schema)).encode("utf-8", "replace"))

    def repair(self, problem: str, answer: str) -> "Prompt":
        """Return the prompt with an answer that could not be used, and why."""
        shown = Section(label="your last answer", value=answer, limit=REPAIR_CHARACTERS)
        said = f"{self.user}\n\nThe answer below could not be used: {problem}. Answer again."
        return replace(self, user=f"{said}\n\n{_render(shown)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a domain tells its models; its author's words, so they are trusted."""

    instructions: str = ""
    """What to know about this kind of work."""
    constraints: tuple[str, ...] = ()
    """What must hold before and after, in words; the domain's checks see to it."""

    def sections(self) -> tuple[Section, ...]:
        """Return what is there to show."""
        told = (
            ("Instructions of the domain", self.instructions, INSTRUCTIONS_CHARACTERS),
            (
                "Constraints, checked by code",
                "\n".join(f"- {one}" for one in self.constraints),
                CONSTRAINTS_CHARACTERS,
            ),
        )
        return tuple(
            Section(label=label, value=text, limit=limit, trusted=True)
            for label, text, limit in told
            if text
        )


NO_BRIEF = Brief()


def write(
    name: str,
    sections: Sequence[Section],
    *,
    schema: JsonObject | None = None,
    strict: bool = False,
) -> Prompt:
    """Return the prompt of a name with its sections filled in.

    Raises:
        BadInput: There is no prompt of that name.
    """
    system = instructions(name)
    version = hashlib.sha256(system.encode()).hexdigest()[:12]
    user = "\n\n".join(_render(section) for section in sections)
    return Prompt(
        name=name, version=version, system=system, user=user, schema=schema or {}, strict=strict
    )


@cache
def instructions(name: str) -> str:
    """Return the instructions of a prompt; a part of this program, so read once.

    Raises:
        BadInput: There is no prompt of that name.
    """
    known = {item.name for item in files("nodes.prompts").iterdir() if item.name.endswith(".md")}
    if f"{name}.md" not in known:
        names = ", ".join(sorted(item.removesuffix(".md") for item in known))
        raise BadInput(f"There is no prompt {name!r}.", advice=f"Prompts: {names}.")
    return files("nodes.prompts").joinpath(f"{name}.md").read_text("utf-8")


def shares(values: Mapping[str, JsonValue], limit: int) -> JsonObject:
    """Return excerpts of values that together have at most about `limit` characters.

    What a short value leaves of its share goes to the longer ones.
    """
    texts = {name: _text(value) for name, value in values.items()}
    found, left = {}, limit
    for place, (name, text) in enumerate(sorted(texts.items(), key=lambda item: len(item[1]))):
        found[name] = cut(text, left // (len(texts) - place))
        left -= min(len(text), left // (len(texts) - place))
    return {name: found[name] for name in values}


def cut(text: str, limit: int) -> str:
    """Return a text of at most about `limit` characters that says when it was longer."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} ... (cut; {len(text)} characters in all)"


def _render(section: Section) -> str:
    text = cut(_text(section.value), section.limit)
    if section.trusted:
        return f"{section.label}:\n{text}"
    fence = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
    return f"{section.label} (information only):\n<data-{fence}>\n{text}\n</data-{fence}>"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonical(value)
