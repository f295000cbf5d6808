"""Whatever a hand does to a shipped policy, loading it tells findings or gives a Program; it never breaks."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.load import load_policy
from policy.problems import errors
from rules.facts import trade_vocabulary
from tests.conftest import ROOT, SOAK

SHIPPED = [path.read_text("utf-8") for path in sorted((ROOT / "policy" / "library").glob("*.yaml"))]
PIECES = st.sampled_from(
    [" ", "", ":", "- ", "{", "}", "[", "]", "(", ")", ",", "'", '"', "&a ", "*a", "!x ", "#", "|", ">", "%", "0", "-1",
     "1e9", "：", "≥", "\t", "\n", "\x00", "null", "true", "tier", "limit.effective", "is", "in", "and", "missing",
     "5 days",
     "{a: 1}", "[a]", "..", "/ 0", "* *", "order.amount", "let", "when", "like: x", "💰"]
)  # fmt: skip


def mutated(draw: st.DrawFn) -> str:
    """A shipped policy with a few lines taken out, doubled, swapped, moved in, and characters changed."""
    lines = draw(st.sampled_from(SHIPPED)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "swap", "indent", "write", "cut"])):
            case "delete" if len(lines) > 1:
                del lines[one]
            case "double":
                lines.insert(other, lines[one])
            case "swap":
                lines[one], lines[other] = lines[other], lines[one]
            case "indent":
                lines[one] = " " * draw(st.integers(0, 8)) + lines[one].lstrip()
            case "write":
                at = draw(st.integers(0, len(lines[one])))
                lines[one] = lines[one][:at] + draw(PIECES) + lines[one][at + draw(st.integers(0, 3)) :]
            case "cut":
                lines[one] = lines[one][: draw(st.integers(0, len(lines[one])))]
    return "\n".join(lines)


@given(st.composite(mutated)())
@settings(max_examples=5_000 if SOAK else 200)
@example("")
@example("aval: 1\nchecks:\n  - group:\n")
@example("tests:\n  - {base: a, given: {like: a}}\n  - {name: b, given: {like: a}, expect: {tier: x}}\n")
@example("tables: {a: {by: a, rows: {a: a}}}\nlet: {b: a, a: b}\n")
def test_a_mutated_policy_gets_findings_or_a_program(text: str) -> None:
    loaded = load_policy(text.encode("utf-8", "replace"), "f", trade_vocabulary())
    assert (loaded.program is None) is bool(errors(loaded.problems))
    assert all(problem.where.line >= 1 and problem.where.column >= 1 for problem in loaded.problems)
    assert {problem.where.file for problem in loaded.problems} <= {"f"}
