"""Searches once, in a process of its own, run by path; its libraries know no limits of their own.

They wait without end, keep state for the whole process, and warn when they are loaded. The request
is one JSON object on standard input, the answer one on standard output: `results`, or a `fault`
(refused, transient, fatal, missing) and `what` happened.

    python -I seeker.py
"""

import json
import resource
import sys
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

MEMORY_BYTES: Final = 4 * 1024**3
AGENT: Final = "surefoot (an agent that asks once; see its user)"
_OK: Final = 200
_PASSING: Final = frozenset({202, 403, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass; 202 and 403 are what search engines say to those who ask too often."""

Asked = dict[str, Any]
Found = list[dict[str, str]]


class Fault(Exception):
    """What came instead of results."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind


def by_status(status: int) -> Fault:
    """Return what an HTTP status means."""
    kind = "transient" if status in _PASSING else "refused"
    return Fault(kind, f"it answers with the status {status}")


def web(asked: Asked) -> Found:
    """Search the web."""
    from ddgs.engines import ENGINES  # noqa: PLC0415  # only what is asked for is loaded
    from ddgs.exceptions import DDGSException  # noqa: PLC0415  # the same
    from langchain_community.utilities.duckduckgo_search import (  # noqa: PLC0415  # the same
        DuckDuckGoSearchAPIWrapper,
    )

    engines = ENGINES["text"]
    if asked["backend"] not in engines:
        raise Fault("refused", f"ddgs has no engine {asked['backend']!r}")
    status: list[int] = []
    engines[asked["backend"]] = _told(engines[asked["backend"]], asked["endpoint"], status)
    search = DuckDuckGoSearchAPIWrapper(
        region=asked["region"], time=None, max_results=asked["limit"], backend=asked["backend"]
    )
    try:
        found = search.results(asked["query"], asked["limit"])
    except DDGSException as fault:
        if status and status[-1] != _OK:
            raise by_status(status[-1]) from fault
        if status:
            return []  # it answered, and there is nothing
        raise Fault("transient", f"it cannot be reached: {fault}") from fault
    return [{"title": one["title"], "url": one["link"], "text": one["snippet"]} for one in found]


def _told(engine: Any, endpoint: str, status: list[int]) -> Any:  # noqa: ANN401  # a class of the library
    """Return a search engine that also tells the status of the answer, which the library drops."""

    class Told(engine):  # type: ignore[misc]  # the base is found at run time
        search_url = endpoint or engine.search_url

        def request(self, *args: Any, **kwargs: Any) -> str | None:  # noqa: ANN401  # as the library passes them
            answer = self.http_client.request(*args, **kwargs)
            status.append(answer.status_code)
            return str(answer.text) if answer.status_code == _OK else None

    return Told


def wikipedia(asked: Asked) -> Found:
    """Search Wikipedia."""
    import requests  # noqa: PLC0415  # only what is asked for is loaded
    from langchain_community.utilities.wikipedia import (  # noqa: PLC0415  # the same
        WikipediaAPIWrapper,
    )
    from wikipedia import (  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no types
        exceptions,
        set_user_agent,
    )
    from wikipedia import wikipedia as library  # noqa: PLC0415  # the same

    search = WikipediaAPIWrapper(
        wiki_client=None, top_k_results=asked["limit"], doc_content_chars_max=asked["characters"]
    )
    set_user_agent(AGENT)
    library.API_URL = asked["endpoint"]  # its own is without TLS
    try:
        found = search.load(asked["query"])
    except exceptions.HTTPTimeoutError as fault:
        raise Fault("transient", "it is busy") from fault
    except requests.exceptions.JSONDecodeError as fault:
        raise Fault("transient", "it answers otherwise than agreed, as when it is busy") from fault
    except requests.exceptions.RequestException as fault:
        raise Fault("transient", f"it cannot be reached: {type(fault).__name__}") from fault
    except exceptions.WikipediaException as fault:
        raise Fault("refused", f"it does not take the query: {fault}") from fault
    return [
        {"title": one.metadata["title"], "url": one.metadata["source"], "text": one.page_content}
        for one in found
    ]


def arxiv(asked: Asked) -> Found:
    """Search arXiv."""
    import arxiv as library  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no types
    import requests  # noqa: PLC0415  # the same
    from langchain_community.utilities.arxiv import ArxivAPIWrapper  # noqa: PLC0415  # the same

    client = library.Client(page_size=asked["limit"], num_retries=0)
    client.query_url_format = asked["endpoint"] + "?{}"

    def searched(*query: str, **given: Any) -> SimpleNamespace:  # noqa: ANN401  # as the adapter passes them
        """Stand for the search that the adapter knows; newer libraries have another."""
        return SimpleNamespace(results=lambda: client.results(library.Search(*query, **given)))

    search = ArxivAPIWrapper(
        arxiv_search=None,
        arxiv_exceptions=None,
        top_k_results=asked["limit"],
        doc_content_chars_max=None,
    )
    search.arxiv_search = searched
    try:
        found = search.get_summaries_as_docs(asked["query"])
    except library.HTTPError as fault:
        raise by_status(fault.status) from fault
    except library.ArxivError as fault:
        raise Fault("transient", "it answers with an empty page") from fault
    except requests.exceptions.RequestException as fault:
        raise Fault("transient", f"it cannot be reached: {type(fault).__name__}") from fault
    return [
        {
            "title": one.metadata["Title"],
            "url": one.metadata["Entry ID"],
            "text": one.page_content,
            "published": str(one.metadata["Published"]),
            "authors": one.metadata["Authors"],
        }
        for one in found
    ]


SEARCHES: Final[dict[str, Callable[[Asked], Found]]] = {
    "web": web,
    "wikipedia": wikipedia,
    "arxiv": arxiv,
}


def answered(asked: Asked) -> dict[str, Any]:
    """Return results, or the fault."""
    try:
        return {"results": SEARCHES[asked["source"]](asked)}
    except Fault as fault:
        return {"fault": fault.kind, "what": str(fault)}
    except ImportError as fault:
        return {"fault": "missing", "what": fault.name or str(fault)}
    except MemoryError:
        return {"fault": "fatal", "what": "its answer takes too much memory"}
    except Exception as fault:  # noqa: BLE001  # whatever an answer nobody expects does to a library
        return {"fault": "fatal", "what": f"its answer is not understood: {type(fault).__name__}"}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")  # the community adapters say that nobody tends them any more
    sys.stdout.write(json.dumps(answered(json.load(sys.stdin))))
