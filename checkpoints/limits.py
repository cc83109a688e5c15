"""What a store keeps of ended runs; apart from `retention`, as every command reads settings."""

from typing import Annotated

from pydantic import Field

from tools.contract import Record


class Retention(Record):
    """What a store keeps of ended runs; what is beyond any of these limits may go."""

    max_age_days: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    """Runs that ended longer ago lose all but their ledger and what undo needs."""
    max_runs: Annotated[int, Field(ge=0)] | None = None
    """All but so many of the runs that ended last lose."""
    max_mb: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    """While the store takes more than so many million bytes, the runs that ended first lose."""
