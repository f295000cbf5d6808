"""The evidence of one decision as one file for an auditor: what was asked, known, decided and signed, and a summary.

A zip with a fixed order and fixed times, so that the same evidence gives the same bytes. Everything in it is as it is
stored; the page alone is put together here.
"""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.replaying import Kept, Replayed, as_dict
from credit.decision import instant_text
from policy.program import Program
from storage.checkpoints import VerifyingKey
from storage.customers import write_json
from storage.transparency import Entry, Receipt

LANGUAGES = ("en", "zh")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can tell
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Evidence of decision", "verdict": "Verdict", "at": "Decided at", "as_of": "As of", "of": "Customer",
        "order": "Order", "terms": "Terms", "policy": "Policy", "engines": "Engines", "checks": "Checks",
        "passed": "passed or does not apply", "replay": "Replayed", "log": "In the log",
        "place": "entry {seq}, under a checkpoint of {size} entries of '{origin}'",
        "waits": "not yet signed; ask for it again in a few seconds",
        "before": "made before there was a log", "erased": "The record was erased",
        "conditions": "Conditions",
        "approved": "Approved by", "missing": "Missing facts",
    },
    "zh": {
        "title": "决策证据", "verdict": "结论", "at": "决策时间", "as_of": "基准日", "of": "客户", "order": "订单",
        "terms": "付款条件", "policy": "政策", "engines": "引擎", "checks": "检查", "passed": "通过或不适用",
        "replay": "重放", "log": "日志", "place": "第{seq}条, 位于“{origin}”共{size}条的检查点之下",
        "waits": "尚未签名, 请几秒后再取", "before": "作出决策时尚无日志", "erased": "记录已删除",
        "conditions": "附带条件", "approved": "批准人", "missing": "缺少的事实",
    },
}  # fmt: skip
README = """What lies in this file, and how to check it without us.

summary.en.md, summary.zh.md  one page to read
request.json                  the bytes that the order system sent
answer.json                   the bytes that it was answered
facts.json                    every value that was decided on, with where it came from
outcome.json                  what the engines found: each check, fired or not, each table's row, each figure
policy.json, policy/          the policy version, who approved it, its bytes and those of its parts
replay.json                   the decision decided again from the above
log/entry.json                the bytes that the log's leaf covers
log/facts.json, log/outcome.json  the bytes that the entry commits to
log/opening.json              the salt with which the entry commits to request, facts, outcome and answer
log/receipt.json              the hashes from the leaf to the root, and the signed checkpoint

The leaf is SHA-256(0x00, entry). A step of the proof is SHA-256(0x01, left, right), as RFC 9162 section 2.1.3.2 has it.
A commitment is SHA-256(salt, the part's name, 0x00, the part's bytes); the bytes of the request and the answer are
those above, those of facts and outcome lie in log/. The checkpoint is a signed note (C2SP tlog-checkpoint); you have
its public key from the firm, or better from somebody else who keeps checkpoints.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one decision; `entry` and `receipt` are None where there is none (yet)."""

    kept: Kept
    replayed: Replayed
    program: Program | None
    entry: Entry | None
    receipt: Receipt | None
    approvals: tuple[Mapping[str, Any], ...] = ()
    key: VerifyingKey | None = None


def pack(evidence: Evidence) -> bytes:
    """The file; the same evidence gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, held in members(evidence).items():
            file.writestr(zipfile.ZipInfo(name, LONG_AGO), held, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def members(evidence: Evidence) -> Mapping[str, bytes]:
    """The files inside, by their names."""
    kept, stored = evidence.kept, evidence.kept.decision
    found = {f"summary.{language}.md": summary(evidence, language).encode() for language in LANGUAGES}
    found["README.txt"] = README.encode()
    if not kept.erased:
        found |= {"request.json": stored.request, "answer.json": stored.response,
                  "facts.json": told(facts_with_sources(evidence)), "outcome.json": told(stored.outcome),
                  "log/facts.json": write_json(dict(stored.facts)).encode(),
                  "log/outcome.json": write_json(dict(stored.outcome)).encode()}  # fmt: skip
    found |= policy_files(evidence)
    found["replay.json"] = told(as_dict(evidence.replayed))
    if evidence.entry is not None:
        found["log/entry.json"] = evidence.entry.body
        found["log/opening.json"] = told({"salt": b64encode(evidence.entry.salt).decode()})
    if evidence.receipt is not None:
        found["log/receipt.json"] = told({
            "seq": evidence.receipt.seq, "proof": [one.hex() for one in evidence.receipt.proof],
            "checkpoint": evidence.receipt.note, "key": None if evidence.key is None else str(evidence.key),
        })  # fmt: skip
    return found


def facts_with_sources(evidence: Evidence) -> Mapping[str, Any]:
    """Every value that was decided on, with where it came from."""
    declared = {} if evidence.program is None else evidence.program.facts
    return {
        name: {"value": value, "source": declared[name].source if name in declared else "computed"}
        for name, value in sorted(evidence.kept.decision.facts.items())
    }


def policy_files(evidence: Evidence) -> Mapping[str, bytes]:
    """The policy version with its bytes and its approvals."""
    version, stored = evidence.kept.version, evidence.kept.decision
    if version is None:
        return {"policy.json": told({"digest": stored.policy_digest, "stored": False})}
    described = {"name": version.name, "version": version.version, "digest": version.digest,
                 "program_digest": version.program_digest, "stored_at": instant_text(version.stored_at),
                 "stored_by": version.stored_by, "approvals": list(evidence.approvals)}  # fmt: skip
    found = {"policy.json": told(described), f"policy/{version.name}.yaml": version.source}
    return found | {f"policy/{part.name}.yaml": part.source for part in version.parts}


def summary(evidence: Evidence, language: str) -> str:
    """One page to read."""
    say, stored = WORDS[language], evidence.kept.decision
    lines = [f"# {say['title']} {stored.decision_id}", ""]
    facts = {say["verdict"]: stored.verdict, say["at"]: instant_text(stored.decided_at),
             say["as_of"]: stored.as_of.isoformat(), say["of"]: stored.customer_id,
             say["order"]: stored.order.order_id or "–"}  # fmt: skip
    version = evidence.kept.version
    facts[say["policy"]] = stored.policy_digest if version is None else (
        f"{version.name}, {version.version}, {version.digest}")  # fmt: skip
    if evidence.approvals:
        facts[say["approved"]] = ", ".join(str(one.get("approved_by")) for one in evidence.approvals)
    if evidence.kept.erased:
        facts[say["erased"]] = evidence.kept.erased
    else:
        lines_of_answer(facts, say, stored.response)
    facts[say["replay"]] = f"{evidence.replayed.result}: {evidence.replayed.told}"
    facts[say["log"]] = place_in_log(evidence, say)
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    if not evidence.kept.erased:
        lines += ["", f"## {say['checks']}", "", *lines_of_checks(stored.response, language, say["passed"])]
    return "\n".join(lines) + "\n"


def lines_of_answer(facts: dict[str, str], say: Mapping[str, str], response: bytes) -> None:
    """What the answer says on its first page."""
    answer = json.loads(response)["decision"]
    terms = answer.get("terms") or {}
    facts[say["terms"]] = str(terms.get("offer") or "–")
    for one in answer.get("conditions", ()):
        told_before = facts.get(say["conditions"])
        entry = f"({one['alternative']}) {one['security']} {one['share']} {one['amount']}"
        facts[say["conditions"]] = entry if told_before is None else f"{told_before}; {entry}"
    if answer.get("missing"):
        facts[say["missing"]] = ", ".join(map(str, answer["missing"]))
    facts[say["engines"]] = str(answer.get("engines"))


def lines_of_checks(response: bytes, language: str, passed: str) -> list[str]:
    """Each check that stands against the order in its own words, then the names of all others."""
    checks = json.loads(response)["decision"]["checks"]
    quiet = [one["check"] for one in checks if one["status"] in ("pass", "does_not_apply")]
    loud = [one for one in checks if one["status"] not in ("pass", "does_not_apply")]
    lines = [f"- **{one['status']}** {one['check']}: {message(one, language)}" for one in loud]
    return [*lines, f"- {passed}: {', '.join(quiet) or '–'}"]


def message(check: Mapping[str, Any], language: str) -> str:
    """A check's sentence in a language, or in the one that there is."""
    said = check.get("message") or {}
    return str(said.get(language) or next(iter(said.values()), ""))


def place_in_log(evidence: Evidence, say: Mapping[str, str]) -> str:
    """Where the decision lies in the log."""
    if evidence.entry is None:
        return say["before"]
    if evidence.receipt is None:
        return say["waits"]
    signed = evidence.receipt.checkpoint
    return say["place"].format(seq=evidence.receipt.seq, size=signed.size, origin=signed.origin)


def told(value: object) -> bytes:
    """JSON for people and programs alike."""
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
