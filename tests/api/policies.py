"""Small policies for the tests of a policy's life, and two people who write and approve them."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

from tests.api.people import add_person, session_of
from tests.api.service import Service

SMALL = """aval: 1
policy: small
title: {en: Small, zh: 小}
currency: CNY
roles: {rising: [cfo]}
checks:
  - {check: large, when: order.amount > 1_000.00, verdict: deny}
"""
PEOPLE = {"ann": "risk_officer", "bea": "risk_officer", "cid": "approver", "dan": "approver", "eve": "compliance"}


class Life:
    """A service with people, and the short ways in which they take the steps of a policy's life."""

    def __init__(self, service: Service) -> None:
        """Add the people, each with a session."""
        self.service = service
        self.sessions: dict[str, dict[str, str]] = {}
        self._keys = 0
        for name, role in PEOPLE.items():
            add_person(service, name, role)
            self.sessions[name] = session_of(service, name)

    def post(self, by: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One POST by a person, under a new key."""
        self._keys += 1
        named = {"Idempotency_Key": f"k-{self._keys}"} | self.sessions[by] | headers
        return self.service.send("POST", f"/v1/policies/{path}", body={} if body is None else body, **named)

    def get(self, path: str, by: str = "eve") -> Any:
        """What a person reads."""
        answer = self.service.send("GET", f"/v1/policies/{path}", **self.sessions[by])
        assert answer.status_code == 200, answer.data
        return json.loads(answer.data)

    def edit(self, by: str, draft: str, source: str, tag: str | None) -> TestResponse:
        """One edit by a person."""
        match = {} if tag is None else {"If_Match": tag}
        return self.service.send("PUT", f"/v1/policies/drafts/{draft}", body={"source": source},
                                 **self.sessions[by], **match)  # fmt: skip

    def drafted(self, source: str = SMALL, by: str = "ann") -> Any:
        """A new draft."""
        return told(self.post(by, "drafts", {"source": source}), 201)

    def submitted(self, source: str = SMALL, by: str = "ann", assignment: str | None = None) -> str:
        """The id of a new submission of a checked draft."""
        draft = self.drafted(source, by)["id"]
        assert told(self.post(by, f"drafts/{draft}:check"), 201)["publishable"]
        body = {"reason": "first", "assignment": assignment}
        return str(told(self.post(by, f"drafts/{draft}:submit", body), 201)["id"])

    def approved(self, source: str = SMALL, assignment: str | None = None) -> str:
        """The id of a new submission that another person approved."""
        found = self.submitted(source, assignment=assignment)
        assert told(self.post("cid", f"submissions/{found}:approve"))["state"] == "approved"
        return found

    def published(self, source: str = SMALL, assignment: str | None = None) -> Any:
        """A policy that decides from now on."""
        found = self.approved(source, assignment)
        return told(self.post("ann", f"submissions/{found}:publish"))

    def in_effect(self) -> str:
        """The digest of the policy that decides by default."""
        [found] = [one for one in self.get("effective")["items"] if one["assignment"] == "default"]
        return str(found["digest"])

    def refusals(self) -> list[tuple[str, str]]:
        """What was tried and refused, the newest last, by whom."""
        with self.service.held.database.read() as work:
            events = work.events.list(kind="policy_refused", limit=100).items
        return [(one.by, one.details["problem"]) for one in reversed(events)]


def told(answer: TestResponse, status: int = 200) -> Any:
    """What an answer says, which has to have this status."""
    assert answer.status_code == status, (answer.status_code, answer.data)
    return json.loads(answer.data)


def problem(answer: TestResponse) -> tuple[int, str]:
    """The status and the problem of a refusal."""
    return answer.status_code, json.loads(answer.data)["type"].removeprefix("/problems/")
