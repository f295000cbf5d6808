"""What a generated document gets beside what its writer makes: acts that windows begin with, entries, a shared part.

It has chance of its own, so that the documents before it stay what they are.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

FIGURE = re.compile(r"(?P<head>\w+ of invoices(?:\.\w+)?)(?P<rest>(?: where .*|, if none .*)?)\Z")
ACTS = ("cleared by finance", "put on hold by manager")
SHARED = ("scales", "settings", "lists", "tables")  # sections that may stand in a part


def add(seed: int, made: dict[str, Any], lets: dict[str, str]) -> None:
    """Windows since an act in some figures, and how often states were entered, with a check that asks for it."""
    random = Random(f"additions to {seed}")
    for name, formula in lets.items():
        if (found := FIGURE.match(formula)) and random.random() < 0.25:
            lets[name] = f"{found['head']} since {random.choice(ACTS)}{found['rest']}"
    for state in made["states"] or ():
        if not made["checks"] or random.random() < 0.3:
            continue
        window = random.choice(("ever", "in last 24 months", "in last 90 days", f"since {random.choice(ACTS)}"))
        where = random.choice(("", " where left_on is known", " where left_on > as_of - 30 days"))
        figure = random.choice((f"count of entries of {state} {window}{where}",
                                f"any of entries of {state} {window} where left_on is missing"))  # fmt: skip
        lets[f"times_{state}"] = figure
        asks = {"measure": f"times_{state}", "at_most": random.choice(("0", "1", "2"))}
        asks = asks if figure.startswith("count") else {"when": f"times_{state} is true"}
        verdict = random.choice(("warn", "refer", "deny"))
        made["checks"].append({"check": f"entered_{state}", **asks, "verdict": verdict})


def shared(seed: int, parts: dict[str, Any]) -> tuple[str, ...]:
    """The sections of a document that stand in a part beside it, mostly none."""
    random = Random(f"part of {seed}")
    if random.random() < 0.75:
        return ()
    return tuple(section for section in SHARED if section in parts and random.random() < 0.7)
