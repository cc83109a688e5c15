"""The picture shows the graph that runs, and no other."""

import re
import xml.etree.ElementTree as ET

import pytest

from graphs.agent import build_graph
from graphs.render.layout import CENTRES, HEIGHT, LINES, NODE_HEIGHT, NODE_WIDTH, WIDTH
from graphs.render.picture import edges, graph_mermaid, graph_svg, graph_text
from graphs.render.story import Story
from graphs.render.visits import visited
from graphs.session import Run

SVG = "{http://www.w3.org/2000/svg}"


def real_edges() -> set[tuple[str, str]]:
    drawn = build_graph().compile().get_graph()
    return {(edge.source, edge.target) for edge in drawn.edges}


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # our own text


def test_edges_are_those_of_the_compiled_graph() -> None:
    assert set(edges()) == real_edges()


def test_every_edge_has_its_line() -> None:
    assert set(LINES) == real_edges()


def test_every_node_has_its_place() -> None:
    assert set(CENTRES) == set(build_graph().compile().get_graph().nodes)


def test_the_picture_draws_every_edge_once() -> None:
    paths = [path.get("data-edge") for path in drawn(graph_svg()).iter(f"{SVG}path")]
    assert sorted(name for name in paths if name) == sorted(f"{a}:{b}" for a, b in real_edges())


def test_mermaid_names_every_edge() -> None:
    names = {"START": "__start__", "END": "__end__"}
    found = re.findall(r"^  (\w+)\S* -->(?:\|[^|]*\|)? (\w+)", graph_mermaid(), re.MULTILINE)
    assert {(names.get(a, a), names.get(b, b)) for a, b in found} == real_edges()


def test_the_text_has_a_line_for_every_edge() -> None:
    assert len(graph_text().splitlines()) == len(real_edges())


def test_nodes_do_not_touch_each_other() -> None:
    places = [CENTRES[name] for name in CENTRES if not name.startswith("__")]
    apart = [
        abs(a[0] - b[0]) > NODE_WIDTH or abs(a[1] - b[1]) > NODE_HEIGHT
        for a in places
        for b in places
        if a != b
    ]
    assert all(apart)


def test_labels_lie_inside_the_picture() -> None:
    assert all(0 < line.x < WIDTH and 0 < line.y < HEIGHT for line in LINES.values() if line.label)


@pytest.mark.parametrize("edge", sorted(LINES))
def test_lines_end_at_their_node(edge: tuple[str, str]) -> None:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", LINES[edge].path)]
    x, y = CENTRES[edge[1]]
    flat = re.search(r"H(\d+)$", LINES[edge].path)
    upright = re.search(r"V(\d+)$", LINES[edge].path)
    end_x = numbers[0] if upright else numbers[-1] if flat else numbers[-2]
    end_y = numbers[1] if flat else numbers[-1]
    assert abs(end_x - x) <= NODE_WIDTH / 2 + 6
    assert abs(end_y - y) <= NODE_HEIGHT / 2 + 6


def test_the_picture_needs_nothing_from_outside() -> None:
    svg = graph_svg()
    assert not re.search(r"<script|href=|@import|url\(h", svg)


def test_the_picture_is_told_in_words() -> None:
    assert "confidence to execute" in str(drawn(graph_svg()).get("aria-label"))


def test_the_path_of_a_run_follows_edges_that_exist(story: Story) -> None:
    assert set(visited(story.entries)) <= real_edges()


def test_the_path_of_a_run_passes_through_the_question(story: Story) -> None:
    taken = visited(story.entries)
    assert taken["escalate", "confidence"] == 1
    assert taken["finish", "__end__"] == 1


def test_a_waiting_run_stands_at_the_question(waiting: Run) -> None:
    svg = graph_svg(visited(waiting.entries), now="escalate")
    assert "The run stands at escalate." in svg
