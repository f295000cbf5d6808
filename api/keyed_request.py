"""One request that changes something under a key: who asks, for what, and the answer that the same key gets again."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from api import idempotency
from api.auth import Caller, caller
from api.idempotency import HEADER, Answer, read_key
from storage.answers import NewAnswer
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """Whose request it is, its key and bytes, which operation, and on which customer or other thing that is there.

    `part` says which part of that thing is meant, such as one invoice of a customer.
    """

    caller: Caller
    key: str
    body: bytes
    operation: str
    subject: str
    part: str = ""

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        part = f" {self.part}" if self.part else ""
        return idempotency.body_hash(f"{self.operation} {self.subject}{part}", self.body)

    def answered(self, work: Work, subject_id: str, status: int, response: bytes) -> Answer:
        """The answer, kept for the same key."""
        work.answers.record(NewAnswer(self.caller.client, self.key, self.hash, self.operation, subject_id, status,
                                      response))  # fmt: skip
        return Answer(status, response, replayed=False)


def keyed_request(operation: str, subject: str, part: str = "") -> KeyedRequest:
    """The request that is being answered now. Raises: Refused for a key that cannot be used."""
    key, body = read_key(request.headers.get(HEADER)), request.get_data(cache=True)
    return KeyedRequest(caller(), key, body, operation, subject, part)
