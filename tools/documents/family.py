"""The tools of one collection of documents."""

from tools.contract import Tool
from tools.documents.collection import Collection
from tools.documents.settings import DocumentsSettings
from tools.documents.tools import FindQuote, ReadDocument, SearchDocuments


def documents_tools(settings: DocumentsSettings) -> list[Tool]:
    """Return the tools; none when the settings name no folder.

    Args:
        settings: Paths in it are absolute, and `index` is told.

    Raises:
        BadInput: A folder cannot be opened, or there is no place for the index.
    """
    if not settings.folders:
        return []
    collection = Collection(settings)
    return [SearchDocuments(collection), ReadDocument(collection), FindQuote(collection)]
