"""Rules that people's answers suggest; nothing applies them but a person with an editor."""

from collections.abc import Iterable, Sequence
from os.path import commonprefix

from checkpoints.store import Store
from nodes.calibration.history import judgement_of
from tools.contract import Record
from tools.policy import Decision
from tools.records import Review

APPROVED, IN_RUNS, REJECTED = 10, 3, 3
"""So many approvals without a rejection, in so many runs; so many rejections without approval."""


class Suggestion(Record):
    """One rule, and what speaks for it."""

    id: str
    tool: str
    resource: str
    verdict: Decision
    approved: int
    rejected: int
    runs: int

    def to_toml(self) -> str:
        """Return the rule as it would stand in a policy."""
        said = (
            f"approved {self.approved} times"
            if self.approved
            else (f"rejected {self.rejected} times")
        )
        return "\n".join(
            (
                "[[rules]]",
                f'id = "{self.id}"',
                f"tool = {_quoted(self.tool)}",
                f"resource = {_quoted(self.resource)}",
                f'verdict = "{self.verdict}"',
                f'reason = "It was {said} in {self.runs} runs, and never otherwise."',
            )
        )


def suggest(store: Store) -> list[Suggestion]:
    """Return rules for what was always approved, or always rejected.

    What cannot be undone is never suggested to be allowed, nor what had a value of unknown origin.
    """
    groups: dict[tuple[str, str], list[Review]] = {}
    for review in store.reviews.answered():
        judged = judgement_of(review)
        if judged is None or review.answer is None or not judged.resources:
            continue
        for kind in {name.partition(":")[0] for name in judged.resources}:
            groups.setdefault((str(review.card.get("tool")), kind), []).append(review)
    found = [_suggestion(tool, reviews) for (tool, _), reviews in sorted(groups.items())]
    numbered = enumerate((one for one in found if one is not None), 1)
    return [one.model_copy(update={"id": f"suggested-{number}"}) for number, one in numbered]


def _suggestion(tool: str, reviews: Sequence[Review]) -> Suggestion | None:
    said = [review.answer.decision for review in reviews if review.answer]
    yes, no, runs = said.count("approve"), said.count("reject"), {one.run for one in reviews}
    final = any(one.card.get("effect") == "irreversible" for one in reviews)
    verdict: Decision
    if yes == len(said) >= APPROVED and len(runs) >= IN_RUNS and not final:
        verdict = "allow"
    elif no == len(said) >= REJECTED:
        verdict = "deny"
    else:
        return None
    return Suggestion(
        id="",
        tool=tool,
        resource=_pattern(reviews),
        verdict=verdict,
        approved=yes,
        rejected=no,
        runs=len(runs),
    )


def _pattern(reviews: Iterable[Review]) -> str:
    """Return the narrowest folder-like glob over everything that was touched."""
    judged = [judgement_of(review) for review in reviews]
    names = [name for one in judged if one is not None for name in one.resources]
    if len(set(names)) == 1:
        return names[0]
    shared = commonprefix(names)  # noqa: RUF071  # it is cut at a separator below
    return shared[: max(shared.rfind("/"), shared.rfind(":")) + 1] + "*"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
