"""The tools: search, read by spans, find a quote again. All of them only read."""

from importlib.util import find_spec
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.contract import EffectClass, JsonObject, Tool
from tools.documents.collection import Collection, Refresh
from tools.documents.index import Hit
from tools.documents.passages import Passage
from tools.documents.queries import query, words
from tools.documents.quotes import Place, locate
from tools.errors import Refused

MAX_HITS: Final = 20
SHOWN_CHARACTERS: Final = 900
"""Of a passage in the results of a search."""
MAX_READ: Final = 20_000
MAX_QUOTE: Final = 4_000


class SearchArgs(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(
        min_length=1, max_length=500, description='Words to find; a "phrase" in double quotes.'
    )
    folder: str = Field(
        default="", max_length=200, description="Only in this folder; any if empty."
    )
    limit: int = Field(default=8, ge=1, le=MAX_HITS)


class ReadArgs(BaseModel):
    """What to read."""

    model_config = ConfigDict(extra="forbid")

    document: str = Field(
        min_length=1, max_length=1_200, description="Its name, as search tells it."
    )
    start: int = Field(default=0, ge=0, description="First character.")
    length: int = Field(default=8_000, ge=1, le=MAX_READ, description="How many characters.")


class QuoteArgs(BaseModel):
    """What to find again."""

    model_config = ConfigDict(extra="forbid")

    quote: str = Field(min_length=1, max_length=MAX_QUOTE, description="The exact words.")
    document: str = Field(default="", max_length=1_200, description="Only in this; any if empty.")


class _Reading(Tool):
    """What is common to them."""

    effect: ClassVar[EffectClass] = "read"

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def bounds(self) -> tuple[str, ...]:
        """Return the folders, and what keeps the index small."""
        told = self._collection.settings
        return (
            *(f"reads {name}: {path}" for name, path in told.folders.items()),
            f"files of at most {told.file_bytes:,} bytes, {told.files:,} of them; follows no links",
            f"index: {told.index}",
        )

    def _folders(self, only: str = "") -> frozenset[str]:
        names = [only] if only else [*self._collection.settings.folders]
        return frozenset(f"documents:{name}" for name in names)


class SearchDocuments(_Reading):
    """Finds passages by their words."""

    name = "search_documents"
    description = (
        "Find passages in the documents by their words, best first, each with the document's name, "
        "the span of characters, page or heading, and its text."
    )
    args_schema = SearchArgs
    authority: ClassVar[frozenset[str]] = frozenset({"folder"})
    content: ClassVar[frozenset[str]] = frozenset({"query", "limit"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the folders of the settings, and that none is named."""
        del args
        return frozenset({"", *self._collection.settings.folders})

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the folders that are looked in."""
        return self._folders(str(args["folder"]))

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Search.

        Raises:
            Refused: There is no such folder, or the query has no words.
            ToolFault: The index cannot be used.
        """
        del key
        text, folder = str(args["query"]), str(args["folder"])
        if folder and folder not in self._collection.settings.folders:
            raise Refused(f"There is no folder {folder!r} of documents.")
        if not words(text):
            raise Refused(f"There is no word in the query {text[:80]!r}.")
        state = self._collection.refresh()
        within = f"{folder}/" if folder else ""
        limit = int(str(args["limit"]))
        hits: list[Hit] = []
        for every in (True, False):
            sought = query(text, every=every)
            hits = self._collection.index.search(sought, limit=limit, within=within)
            if hits:
                break
        found: list[JsonValue] = [_shown(hit, text) for hit in hits]
        told: JsonObject = {"summary": f"{len(found)} passages for {text[:80]!r}."}
        return told | {"passages": found} | _state(state)


class ReadDocument(_Reading):
    """Reads a span of a document."""

    name = "read_document"
    description = "Read a span of a document's text, by the first character and the length."
    args_schema = ReadArgs
    authority: ClassVar[frozenset[str]] = frozenset({"document"})
    content: ClassVar[frozenset[str]] = frozenset({"start", "length"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the document that is named, if there is one of that name."""
        return _known(self._collection, args)

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the document."""
        return frozenset({f"document:{args['document']}"})

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Read.

        Raises:
            Refused: There is no such document, or it is not so long.
            ToolFault: The index cannot be used.
        """
        del key
        self._collection.refresh()
        document = self._collection.known(str(args["document"]))
        start, length = int(str(args["start"])), int(str(args["length"]))
        if start >= max(1, document.characters):
            raise Refused(f"{document.name!r} has only {document.characters} characters.")
        end = min(start + length, document.characters)
        found = self._collection.index.between(document, start, end)
        whole, offset = "".join(one.text for one in found), found[0].start if found else 0
        text = whole[start - offset : end - offset]
        summary = f"{document.name}, characters {start} to {end} of {document.characters}."
        return document.told() | {
            "summary": summary,
            "start": start,
            "end": end,
            "text": text,
            "parts": _parts(found),
        }


class FindQuote(_Reading):
    """Finds a quote again, or says that it is not there."""

    name = "find_quote"
    description = (
        "Check a quote: where in the documents these words stand, letter by letter or nearly, "
        "or that they stand nowhere."
    )
    args_schema = QuoteArgs
    authority: ClassVar[frozenset[str]] = frozenset({"document"})
    content: ClassVar[frozenset[str]] = frozenset({"quote"})

    def known_values(self, args: JsonObject) -> frozenset[str]:
        """Return the document that is named, if there is one, and that none is named."""
        return _known(self._collection, args) | {""}

    def resources(self, args: JsonObject) -> frozenset[str]:
        """Return the document, or the folders when none is named."""
        document = str(args["document"])
        return frozenset({f"document:{document}"}) if document else self._folders()

    def apply(self, args: JsonObject, key: str) -> JsonValue:
        """Find it.

        Raises:
            Refused: There is no such document.
            ToolFault: The index cannot be used.
        """
        del key
        state = self._collection.refresh()
        name = str(args["document"])
        within = self._collection.known(name).name if name else ""
        located = locate(self._collection, str(args["quote"]), within)
        told: JsonObject = {"found": bool(located.places)}
        if located.places:
            first = located.places[0]
            told["summary"] = f"It stands in {first.document.name} at {first.start} ({first.how})."
            told["places"] = [_told(place) for place in located.places]
        else:
            told["summary"] = "These words stand nowhere in the documents."
            told["nearest"] = _told(located.nearest) if located.nearest else None
            if find_spec("rapidfuzz") is None:
                told["not_sought"] = "what is nearly the same: pip install 'surefoot[documents]'"
        return told | _state(state)


def _known(collection: Collection, args: JsonObject) -> frozenset[str]:
    name = str(args["document"])
    return frozenset({name}) if name and collection.index.document(name) else frozenset()


def _shown(hit: Hit, text: str) -> JsonValue:
    """Return a passage, or the part of it around the first word that was sought."""
    document, passage = hit
    low = passage.text.lower()
    places = [low.find(word.lower()) for word in words(text)]
    first = min((place for place in places if place >= 0), default=0)
    begin = max(0, min(first - SHOWN_CHARACTERS // 3, len(passage.text) - SHOWN_CHARACTERS))
    shown = passage.text[begin : begin + SHOWN_CHARACTERS]
    start = passage.start + begin
    return document.told() | {
        "start": start,
        "end": start + len(shown),
        "text": shown,
        **_where(passage.page, passage.heading),
    }


def _told(place: Place) -> JsonValue:
    return place.document.told() | {
        "start": place.start,
        "end": place.end,
        "how": place.how,
        "similarity": place.similarity,
        "text": place.text,
        **_where(place.page, place.heading),
    }


def _where(page: int, heading: str) -> dict[str, Any]:
    told = {"page": page, "heading": heading}
    return {name: value for name, value in told.items() if value}


def _parts(found: list[Passage]) -> list[JsonValue]:
    """Return where pages and headings begin in what was read."""
    parts: list[JsonValue] = []
    last: dict[str, Any] = {}
    for passage in found:
        where = _where(passage.page, passage.heading)
        if where and where != last:
            parts.append({"start": passage.start, **where})
            last = where
    return parts


def _state(state: Refresh) -> JsonObject:
    """Return what is missing in the index, when something is."""
    told: JsonObject = {}
    if state.left:
        told["not_read_yet"] = state.left
    if state.skipped:
        told["left_out"] = state.skipped
    return told
