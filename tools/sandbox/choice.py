"""Which sandbox holds on this machine: found out once per process, by trying to get out of each."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tools.errors import Fatal, ToolFault
from tools.sandbox import bubblewrap, fallback
from tools.sandbox.escape import escaped, names, try_to_escape
from tools.sandbox.job import Job, Tier
from tools.sandbox.launch import launch
from tools.sandbox.settings import TierName

ADVICE = (
    "Install bubblewrap (`apt-get install bubblewrap`, or `pip install 'surefoot[sandbox]'`) and "
    "allow user namespaces, or use a kernel of 6.12 or newer with Landlock; `surefoot doctor` "
    "says what was tried. Nothing is run without a sandbox."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying to get out of one sandbox."""

    tier: Tier
    got: dict[str, str]
    """By probe, what it got; nothing for one that was held."""
    fault: str = ""
    """Why nothing could be run in it."""

    @property
    def holds(self) -> bool:
        """Whether every probe was held."""
        return not self.fault and not escaped(self.got)

    @property
    def why_not(self) -> str:
        """Why it is not used; empty when it holds."""
        return self.fault or escaped(self.got)


@cache
def chosen(wanted: TierName | None = None) -> Tier:
    """Return the first sandbox that holds.

    Args:
        wanted: The only tier to be considered.

    Raises:
        Fatal: None does; nothing is ever run without one.
    """
    reasons = []
    for trial in trials(wanted):
        if trial.holds:
            return trial.tier
        reasons.append(f"{trial.tier.name} ({trial.tier.place}): {trial.why_not}")
    what = "No sandbox holds on this machine" + (f" ({wanted} is wanted)" if wanted else "")
    raise Fatal(f"{what}: {' | '.join(reasons) or 'there is none'}.", advice=ADVICE)


def trials(wanted: TierName | None = None) -> Iterator[Trial]:
    """Try the sandboxes of this machine, the best first."""
    if not sys.platform.startswith("linux"):
        return
    tiers: list[Tier] = [*bubblewrap.found(), *fallback.found()]
    for tier in tiers:
        if wanted in {None, tier.name}:
            yield tried(tier)


def tried(tier: Tier) -> Trial:
    """Try to get out of one sandbox."""

    def run(job: Job) -> bytes:
        return launch(job, tier).stdout.head

    try:
        return Trial(tier, try_to_escape(run))
    except ToolFault as fault:
        return Trial(tier, dict.fromkeys(names(), ""), fault.what)
