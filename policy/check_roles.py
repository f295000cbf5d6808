"""Roles that a file names must be declared under `roles:`."""

from __future__ import annotations

from policy.document import Word
from policy.infer import Inference
from policy.suggest import did_you_mean, listed


def check_role(inference: Inference, word: Word) -> None:
    """A role must be declared by the file."""
    policy = inference.names.policy
    roles = [role.text for role in (*policy.roles_rising, *policy.roles_beside)]
    if word.text not in roles:
        inference.note("unknown-role", word.at, f"'{word.text}' is not a role of this file",
                       did_you_mean(word.text, roles, f"one of: {listed(roles)}" if roles else "name it under 'roles'"))
