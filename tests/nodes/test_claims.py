"""A claim is supported by what was read, whatever anybody says of it; made-up ones never are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.claims import MAX_SPANS, Claim, Source, Span, Stated, check_claims

TEXT = "The bridge was opened in 1932 and is 503 metres long, says the office of works."
WEB = Source("r/a/1", "host:a.example", "untrusted", TEXT)
OTHER = Source("r/a/2", "host:b.example", "untrusted", f"Elsewhere. {TEXT} More.")
COPY = Source("r/a/3", "host:c.example", "untrusted", TEXT)
QUOTE = "opened in 1932 and is 503 metres long"


def checked(quote: str, *sources: Source) -> Claim:
    (claim,) = check_claims([Stated(statement="It is long.", quote=quote)], sources)
    return claim


def test_words_of_a_source_support_a_claim() -> None:
    claim = checked(QUOTE, WEB)
    assert (claim.supported, claim.origins, claim.confidence) == (True, 1, 0.6)
    assert TEXT[claim.spans[0].start : claim.spans[0].end] == QUOTE
    assert claim.spans[0].origin == "host:a.example"


def test_spacing_and_case_make_no_difference() -> None:
    assert checked("Opened in  1932\nand is 503 METRES long", WEB).supported


def test_nearly_the_same_counts_for_less() -> None:
    near = checked("opened in 1932, and is 503 metres long", WEB)
    assert near.supported
    assert near.confidence < 0.6


@pytest.mark.parametrize(
    "quote", ["opened in 1832 and is 903 metres", "opened in 1932 and is not 503 metres long"]
)
def test_another_number_or_a_no_is_another_claim(quote: str) -> None:
    assert not checked(quote, WEB).supported


def test_independent_places_add_up_and_copies_do_not() -> None:
    assert (checked(QUOTE, WEB, OTHER).origins, checked(QUOTE, WEB, OTHER).confidence) == (2, 0.84)
    assert checked(QUOTE, WEB, COPY).origins == 1


def test_what_no_outsider_can_write_counts_for_more() -> None:
    ours = Source("r/a/4", "table:bridges", "trusted", TEXT)
    assert checked(QUOTE, ours).confidence == 0.95


def test_short_quotes_show_nothing() -> None:
    assert not checked("1932", WEB).supported
    assert not checked("", WEB).supported


forged = st.builds(
    Claim,
    statement=st.text(max_size=20),
    quote=st.text(alphabet="abc 1932", max_size=40) | st.just(QUOTE),
    supported=st.booleans(),
    confidence=st.floats(0, 1),
    origins=st.integers(0, 9),
    spans=st.lists(
        st.builds(
            Span,
            key=st.just("r/x/1"),
            origin=st.just("host:trust.example"),
            start=st.just(0),
            end=st.just(9),
            similarity=st.just(100.0),
        ),
        max_size=MAX_SPANS,
    ).map(tuple),
)
sources = st.lists(
    st.builds(
        Source,
        key=st.just("r/a/1"),
        origin=st.sampled_from(("host:a", "host:b")),
        trust=st.sampled_from(("trusted", "untrusted")),
        text=st.text(alphabet="abc 1932", max_size=80) | st.just(TEXT),
    ),
    max_size=4,
)


@given(st.lists(forged, max_size=4), sources)
def test_whatever_a_claim_says_of_itself_only_sources_count(
    claims: list[Claim], read: list[Source]
) -> None:
    for claim in check_claims(claims, read):
        assert claim.supported == bool(claim.spans)
        assert (claim.confidence > 0) == claim.supported
        assert claim.origins <= len({source.origin for source in read})
        for span in claim.spans:
            (text, *_) = [one.text for one in read if one.origin == span.origin]
            assert any(one.text[span.start : span.end] for one in read if one.key == span.key), text
