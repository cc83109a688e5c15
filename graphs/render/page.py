"""A run as HTML for notebooks: self-contained, no script, and every text in it escaped.

What is shown was written by models, databases and strangers; nothing of it may become markup.
"""

from collections.abc import Iterable, Sequence
from html import escape

from graphs.render.comparison import QueryRow, factor_text, total
from graphs.render.text import line, seconds_text, visible
from graphs.render.timeline import Row

_CELL = "padding:3px 8px;border-bottom:1px solid rgba(128,128,128,.35);vertical-align:top"
_TEXT = f"{_CELL};text-align:left"
_NUMBER = f"{_CELL};text-align:right;font-variant-numeric:tabular-nums"
_COLOURS = {
    "cleared": "#2e8b57",
    "waiting": "#b7791f",
    "again": "#8a6d3b",
    "denied": "#c0392b",
    "verified": "#2e8b57",
    "running": "#2f74d0",
}


def timeline_html(rows: Iterable[Row], *, title: str = "", status: str = "") -> str:
    """Return a timeline as an HTML fragment.

    Args:
        rows: What `timeline` returned.
        title: Shown above.
        status: Shown beside the title.
    """
    head = ("time", "step", "what", "why", "sure", "gate", "what came", "took")
    body = "".join(_row(row) for row in rows)
    badge = _badge(status) if status else ""
    return (
        '<div style="overflow-x:auto;font-family:system-ui,sans-serif;font-size:13px">'
        f'<p style="margin:4px 0;font-weight:600">{_safe(title)} {badge}</p>'
        f"{_table(head, body)}</div>"
    )


def comparison_html(rows: Sequence[QueryRow]) -> str:
    """Return times before and after as an HTML table; empty without rows."""
    if not rows:
        return ""
    body = "".join(_query(row) for row in [*rows, total(rows)])
    head = ("query", "calls", "before, ms", "after, ms", "change")
    return (
        '<div style="overflow-x:auto;font-family:system-ui,sans-serif;font-size:13px">'
        f"{_table(head, body)}</div>"
    )


def _table(head: Sequence[str], body: str) -> str:
    names = "".join(f'<th scope="col" style="{_TEXT};opacity:.75">{name}</th>' for name in head)
    return (
        '<table style="border-collapse:collapse;color:inherit;background:none">'
        f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(row: Row) -> str:
    gate = f"{_badge(row.gate)}<br>{_safe(row.rule)}" if row.gate else ""
    waited = f" after {seconds_text(row.waited)}" if row.waited is not None else ""
    who = f"<br>{_safe(row.who)}{waited}" if row.who else ""
    effect = f"<br><i>effect: {_safe(row.effect)}</i>" if row.effect else ""
    took = "" if row.seconds is None else seconds_text(row.seconds)
    return (
        f"<tr>{_td(f'{row.at:%H:%M:%S}')}{_td(row.label)}"
        f'<td style="{_TEXT}"><code>{_safe(row.what)}</code></td>{_td(row.why)}'
        f"{_td('' if row.confidence is None else f'{row.confidence:.0%}')}"
        f'<td style="{_TEXT}">{gate}{who}</td><td style="{_TEXT}">{_safe(row.came)}{effect}</td>'
        f'<td style="{_NUMBER}">{took}</td></tr>'
    )


def _query(row: QueryRow) -> str:
    return (
        f'<tr><td style="{_TEXT}">{_safe(row.id)} {_safe(row.name)}</td>'
        f'<td style="{_NUMBER}">{row.calls:,}</td><td style="{_NUMBER}">{row.before_ms:,.1f}</td>'
        f'<td style="{_NUMBER}">{row.after_ms:,.1f}</td>{_td(factor_text(row))}</tr>'
    )


def _td(text: str) -> str:
    return f'<td style="{_TEXT}">{_safe(text)}</td>'


def _badge(word: str) -> str:
    colour = _COLOURS.get(word, "#6b7480")
    return (
        f'<span style="background:{colour};color:#fff;border-radius:4px;padding:0 6px;'
        f'white-space:nowrap">{_safe(word)}</span>'
    )


def _safe(text: str) -> str:
    return escape(visible(line(text, 600)))
