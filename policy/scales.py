"""Rating scales and the pick of a rating, from the file's nodes to the document.

A scale lists its words from best to worst; the words of other agencies say which word of the scale they mean.
"""

from __future__ import annotations

from policy.document import ScaleWritten, Word
from policy.shapes import NAME, Shapes
from policy.source import Mapping as Block
from policy.source import Node
from policy.suggest import did_you_mean, listed
from policy.syntax import Expr, Pick

WHICH = {"two": ("worse", "better"), "three": ("worse", "middle", "better")}
MOST = 3  # ratings that one pick may choose from


def read_scales(shapes: Shapes, node: Node | None) -> tuple[ScaleWritten, ...]:
    """The section `scales`."""
    found = []
    for name, value in shapes.entries(node, "scales"):
        scale = _scale(shapes, name, value) if shapes.named(name) else None
        if scale is None:
            shapes.broken.add(f"scales.{name.text}")
        else:
            found.append(scale)
    return tuple(found)


def _scale(shapes: Shapes, name: Word, node: Node) -> ScaleWritten | None:
    if not isinstance(node, Block):
        shapes.wrong(node, "a block such as {best_first: [A, B, C]}", f"scale '{name.text}'")
        return None
    keys = [key for key, _ in node.entries]
    for key in keys:
        if key.text == "strict_first":
            shapes.note("not-yet-supported", key.at, "'strict_first' does not run in this version", "use best_first")
            return None
    best = shapes.need({key.text: value for key, value in node.entries}, "best_first", name.at, f"scale '{name.text}'")
    words = shapes.words(best, "best_first") if best is not None else ()
    shapes.once(words, "rating")
    agencies = {}
    for key, value in node.entries:
        if key.text != "best_first" and shapes.word(key, "agency", NAME) is not None:
            agencies[key.text] = _agency(shapes, value, key.text, [word.text for word in words])
    return ScaleWritten(name, words, agencies) if words else None


def _agency(shapes: Shapes, node: Node, agency: str, known: list[str]) -> tuple[tuple[Word, Word], ...]:
    pairs = []
    for word, value in shapes.entries(node, agency):
        meant = shapes.word(value, word.text)
        if meant is not None and meant.text not in known:
            shapes.note("unknown-word", meant.at, f"'{meant.text}' is not a rating of the scale",
                        did_you_mean(meant.text, known, f"one of: {listed(known)}"))  # fmt: skip
        elif meant is not None:
            pairs.append((word, meant))
    return tuple(pairs)


def read_pick(shapes: Shapes, node: Block, name: str) -> Pick | None:
    """`{pick: [...], two: worse, three: middle, none: ...}` under `let`."""
    values = shapes.block(node, name, ("pick", "two", "three", "none"))
    if values is None or shapes.need(values, "pick", node.at, name) is None:
        return None
    items = shapes.items(values["pick"], "pick")
    args: list[Expr] = [formula for item in items if (formula := shapes.formula(item, "pick")) is not None]
    if len(args) != len(items) or not 2 <= len(args) <= MOST:
        if len(args) == len(items):
            shapes.note("wrong-shape", values["pick"].at, f"'pick' chooses from 2 or {MOST} ratings, not {len(args)}")
        return None
    which = {}
    for key, words in WHICH.items():
        if key == "three" and len(args) < MOST:
            continue
        word = shapes.choice(shapes.word(shapes.need(values, key, node.at, name), key), f"way to pick of {key}", words)
        which[key] = word.text if word else ""
    none = shapes.formula(values["none"], "none") if "none" in values else None
    sound = all(which.values()) and (none is not None or "none" not in values)
    return Pick(tuple(args), which["two"], which.get("three", ""), none, node.at) if sound else None
