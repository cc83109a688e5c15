"""Objects that show themselves in a notebook, offline; in a plain shell they are plain text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphs.render.comparison import factor_text, total
from graphs.render.page import comparison_html, timeline_html
from graphs.render.picture import Edge, graph_mermaid, graph_svg, graph_text
from graphs.render.story import Story
from graphs.render.text import line
from graphs.render.timeline import Row
from graphs.render.visits import visited


@dataclass(frozen=True, slots=True)
class GraphView:
    """The graph, with a run's path when there is one."""

    visited: Mapping[Edge, int] = field(default_factory=dict)
    now: str = ""
    """The node at which the run stands."""

    @classmethod
    def of(cls, story: Story) -> "GraphView":
        """Return the graph with the path of a run."""
        now = "escalate" if story.info.status == "waiting" else ""
        return cls(visited(story.entries), now)

    def __str__(self) -> str:
        return graph_text(self.visited)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms from which a notebook chooses."""
        del include, exclude
        return {
            "text/plain": str(self),
            "text/html": graph_svg(self.visited, now=self.now),
            "text/vnd.mermaid": graph_mermaid(self.visited),
        }


@dataclass(frozen=True, slots=True)
class TimelineView:
    """A run's timeline, and its times before and after."""

    story: Story

    def __str__(self) -> str:
        rows = [*map(_row, self.story.rows), *self._comparison()]
        info = self.story.info
        return "\n".join([f"{info.run}: {self.story.standing} {line(info.reason)}".rstrip(), *rows])

    def _comparison(self) -> list[str]:
        queries = self.story.queries
        return [
            f"{line(row.id, 8):>8} {line(row.name, 40):<40} "
            f"{row.before_ms:>12,.1f} ms -> {row.after_ms:>12,.1f} ms  {factor_text(row)}"
            for row in ([*queries, total(queries)] if queries else [])
        ]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms from which a notebook chooses."""
        del include, exclude
        info = self.story.info
        title = f"{info.run}: {info.objective}"
        page = timeline_html(self.story.rows, title=title, status=self.story.standing)
        return {"text/plain": str(self), "text/html": page + comparison_html(self.story.queries)}


def _row(row: Row) -> str:
    gate = f" [{row.gate}]" if row.gate else ""
    came = f" -> {line(row.came, 120)}" if row.came else ""
    return f"{row.at:%H:%M:%S} {row.label:<12} {line(row.what, 100)}{gate}{came}"
