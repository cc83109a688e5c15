"""Which patterns the loop guard calls circles: precision, recall, and what it gets wrong.

`python -m benchmarks.loops [--json]`
"""

import argparse
import json
import sys
from typing import Any

from benchmarks.loops.patterns import PATTERNS
from benchmarks.loops.rules import RULES, Rule


def figures(rule: Rule) -> dict[str, Any]:
    """Return what a rule makes of the table."""
    fired = {pattern.name: rule(pattern.done) for pattern in PATTERNS}
    hits = sum(fired[pattern.name] for pattern in PATTERNS if pattern.circle)
    circles, alarms = sum(pattern.circle for pattern in PATTERNS), sum(fired.values())
    return {
        "circles": circles,
        "work": len(PATTERNS) - circles,
        "precision": round(hits / alarms, 3) if alarms else 1.0,
        "recall": round(hits / circles, 3),
        "missed": [one.name for one in PATTERNS if one.circle and not fired[one.name]],
        "false_alarms": [one.name for one in PATTERNS if not one.circle and fired[one.name]],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loops", description=__doc__)
    parser.add_argument("--json", action="store_true")
    found = {name: figures(rule) for name, rule in RULES.items()}
    if parser.parse_args().json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, one in found.items():
        sys.stdout.write(f"{name}: precision {one['precision']:.2f}, recall {one['recall']:.2f}\n")
        for kind in ("missed", "false_alarms"):
            sys.stdout.write(f"  {kind.replace('_', ' ')}: {', '.join(one[kind]) or 'none'}\n")


if __name__ == "__main__":
    main()
