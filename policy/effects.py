"""What stops where a check fails of an order that was placed before: the `effect` of a check.

An order that fails is not approved, which needs no word. A shipment, or a customer at the review, has orders behind it,
so a check of those says what the order system or the receivables run stops; the verdict stays as it is.
"""

from __future__ import annotations

from policy.document import CheckWritten, Word
from policy.infer import Inference
from policy.shapes import Keys, Shapes
from policy.subjects import CALLED, CUSTOMER, SHIPMENT, subjects_of

EFFECTS = ("stop shipment", "freeze backorders", "hold orders", "hold account")
HAVE = (SHIPMENT, CUSTOMER)


def read_effect(shapes: Shapes, values: Keys) -> tuple[Word, ...]:
    """The effects of a check: one, or a list."""
    if "effect" not in values:
        return ()
    words = [shapes.choice(word, "kind of effect", EFFECTS) for word in shapes.words(values["effect"], "effect")]
    found = tuple(word for word in words if word is not None)
    shapes.once(found, "effect")
    return found


def check_effect(inference: Inference, check: CheckWritten) -> None:
    """Only a check for shipments or customers has an effect."""
    others = [subject for subject in subjects_of("checks", check.subjects) if subject not in HAVE]
    if check.effect and others:
        inference.note("effect", check.effect[0].at, f"the check '{check.name.text}' is for {CALLED[others[0]]}, which "
                       "needs no effect: where it fails, nothing is approved",
                       "take it out, or make a check with 'for: shipment' or 'for: customer'")  # fmt: skip
