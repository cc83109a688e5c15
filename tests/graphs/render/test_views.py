"""In a notebook everything is escaped: the texts come from models and databases."""

from graphs.render.comparison import QueryRow, compare, factor_text, total
from graphs.render.page import comparison_html, timeline_html
from graphs.render.story import Story
from graphs.render.views import GraphView, TimelineView
from tests.graphs.render.conftest import EVIL
from tools.database.workload import parse_workload


def test_the_timeline_offers_text_and_html(story: Story) -> None:
    assert set(TimelineView(story)._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_the_graph_offers_mermaid_too(story: Story) -> None:
    bundle = GraphView.of(story)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "text/vnd.mermaid"}


def test_no_text_becomes_markup(story: Story) -> None:
    page = TimelineView(story)._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_control_character_reaches_a_notebook(story: Story) -> None:
    for form in TimelineView(story)._repr_mimebundle_().values():
        assert not {"\x1b", "\u202e"} & set(form)


def test_a_title_is_escaped() -> None:
    assert "<script" not in timeline_html([], title=EVIL, status=EVIL)


def test_a_query_name_is_escaped() -> None:
    assert "<script" not in comparison_html([query(2.0, 1.0, name=EVIL)])


def test_the_plain_timeline_is_lines(story: Story) -> None:
    text = str(TimelineView(story))
    assert text.splitlines()[0].startswith("r: verified")
    assert "tidy.1" in text


def query(before: float, after: float, name: str = "daily", calls: int = 1) -> QueryRow:
    return QueryRow(id="q1", name=name, calls=calls, before_ms=before, after_ms=after)


def test_a_query_that_is_faster_says_how_much() -> None:
    assert factor_text(query(120.0, 10.0)) == "12.0 x faster"


def test_a_query_that_is_slower_says_how_much() -> None:
    assert factor_text(query(10.0, 20.0)) == "2.0 x slower"


def test_noise_is_no_change() -> None:
    assert factor_text(query(0.2, 0.4)) == "same"


def test_the_total_counts_calls() -> None:
    assert total([query(2.0, 1.0, calls=10), query(5.0, 5.0)]).before_ms == 25.0


def test_queries_are_matched_by_id() -> None:
    workload = parse_workload("-- name: one\n-- calls: 3\nSELECT 1;\nSELECT 2;")
    was = {"queries": {"q1": {"timing": {"ms": 4.0}}, "q2": {"timing": {"ms": 1.0}}}}
    now = {"queries": {"q1": {"timing": {"ms": 2.0}}}}
    rows = compare(was, now, workload)  # type: ignore[arg-type]  # plain JSON
    assert [(row.id, row.name, row.calls, row.factor) for row in rows] == [("q1", "one", 3, 2.0)]
