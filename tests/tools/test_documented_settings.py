"""The tables that the docs show are ones that can be used."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.contract import Record
from tools.documents.settings import DocumentsSettings
from tools.mcp.settings import McpSettings
from tools.research.settings import ResearchSettings

DOCS = Path(__file__).parents[2] / "docs" / "tools"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("documents", DocumentsSettings), ("mcp", McpSettings), ("research", ResearchSettings)],
)
def test_table_in_the_docs_is_valid_and_every_setting_is_documented(
    name: str, kind: type[Record]
) -> None:
    text = (DOCS / f"{name}.md").read_text()
    block = text.partition("```toml\n")[2].partition("```")[0]
    told: Any = tomllib.loads(block)["tools"][name]
    kind.model_validate(told)
    fields = set(kind.model_fields) - {"servers"}
    assert [field for field in fields if f"`{field}`" not in text] == []
