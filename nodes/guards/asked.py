"""Did people ask for this? What nobody's words call for was thought up on the way.

A tool declares the words with which people ask for it. What is not asked for is outside the plan,
whatever a plan that a model made says. "Do what this message says" is a mode of its own, for the
tools that the goal allows it for (`Goal.follows`): then the user lets another text decide what is
to be done, and what the words themselves do not call for is asked about instead of refused.
"""

import re
from functools import lru_cache
from typing import Final

from tools.contract import Tool

_WORD: Final = re.compile(r"[a-z]+")
_DELEGATING: Final = re.compile(
    r"\b(?:follow|do|perform|execute|carry out|complete)\b[^.!?]{0,40}"
    r"\b(?:instructions?|actions?|tasks?|to-?dos?|steps)\b[^.!?]{0,60}"
    r"\b(?:in|from|on|at|specified|listed|described|by)\b",
    re.IGNORECASE,
)
_FOLLOWING: Final = re.compile(r"\bfollow (?:the|its|their|these) instructions?\b", re.IGNORECASE)
_OWN: Final = re.compile(r"\bfollowing (?:tasks?|actions?|steps)\b", re.IGNORECASE)
"""`Perform the following tasks` announces the user's own words."""


def asked_for(tool: Tool, words: tuple[str, ...]) -> bool:
    """Tell whether people's words call for a tool; one that declares no words, any goal may need.

    Args:
        tool: Each of its `verbs` is a word, or several that must all be there; a word also stands
            for what begins with it.
        words: What people said.
    """
    if not tool.verbs:
        return True
    return _call_for(tool.verbs, words)


@lru_cache(maxsize=1_024)
def _call_for(verbs: frozenset[str], words: tuple[str, ...]) -> bool:
    said = {word for text in words for word in _WORD.findall(text.casefold())}
    return any(all(_is_there(part, said) for part in verb.split()) for verb in verbs)


@lru_cache(maxsize=256)
def delegates(words: tuple[str, ...]) -> bool:
    """Tell whether the user lets another text decide what is to be done."""
    own = (_OWN.sub(" ", text) for text in words)
    return any(_DELEGATING.search(text) or _FOLLOWING.search(text) for text in own)


def _is_there(part: str, said: set[str]) -> bool:
    return any(word == part or (len(part) > 2 and word.startswith(part)) for word in said)  # noqa: PLR2004  # `to`
