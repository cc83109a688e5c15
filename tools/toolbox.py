"""The tools of one agent, and what is wrong with a tool's declarations."""

from collections.abc import Iterator, Mapping, Sequence

from tools.contract import Tool, ToolCard
from tools.errors import SurefootError


def lint(tool: Tool) -> list[str]:
    """Return what is wrong with a tool's declarations; empty when they hold together."""
    fields = set(tool.args_schema.model_fields)
    declared = tool.authority | tool.content
    problems = [f"{tool.name}: {name!r} is not an argument" for name in sorted(declared - fields)]
    problems += [
        f"{tool.name}: {name!r} is authority and content"
        for name in sorted(tool.authority & tool.content)
    ]
    problems += [
        f"{tool.name}: {name!r} is neither authority nor content"
        for name in sorted(fields - declared)
    ]
    if tool.args_schema.model_config.get("extra") != "forbid":
        problems.append(f"{tool.name}: the arguments' schema must forbid extra fields")
    if tool.effect == "reversible" and type(tool).undo is Tool.undo:
        problems.append(f"{tool.name}: reversible, but has no undo")
    if tool.effect != "read" and type(tool).preview is Tool.preview:
        problems.append(f"{tool.name}: has an effect, but no preview")
    if tool.effect == "reversible" and type(tool).probe is Tool.probe:
        problems.append(f"{tool.name}: reversible, but cannot be probed")
    return problems


class Toolbox(Mapping[str, Tool]):
    """The tools of one agent by name; refuses tools whose declarations do not hold together."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._cards: dict[str, ToolCard] = {}
        problems = [problem for tool in tools for problem in lint(tool)]
        if len(self._tools) != len(tools):
            problems.append("two tools share a name")
        if problems:
            raise SurefootError(
                "These tools are not safe to register: " + "; ".join(problems) + "."
            )

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def cards(self, names: Sequence[str] | None = None) -> list[ToolCard]:
        """Return the cards of the named tools, or of all."""
        return [self._card(name) for name in (names if names is not None else self._tools)]

    def _card(self, name: str) -> ToolCard:
        """Return a tool's card, made once: a schema costs a millisecond."""
        if name not in self._cards:
            self._cards[name] = self._tools[name].card()
        return self._cards[name]
