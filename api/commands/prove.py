"""`aval prove`: the promises that stand in policies, proved for every order or refuted by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from api.commands.files import broken, counted, load, policy_files, tell
from policy import Loaded
from rules.proving import ASSUMED, Proof, example_of, proofs_of, share_proved, shown_move


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one document for machines.")  # fmt: skip
@click.pass_context
def prove(context: click.Context, names: tuple[str, ...], form: str) -> None:
    """Prove the promises that stand in policy files; a folder stands for all policies in it.

    Ends with 1 where an order breaks a promise, or a policy has errors.
    """
    found = [(path, loaded, proofs_of(loaded)) for path in policy_files(names) for loaded in (load(path),)]
    failed = any(loaded.program is None or any(proof.status == "refuted" for proof in proofs)
                 for _, loaded, proofs in found)  # fmt: skip
    if form == "json":
        files = [_as_document(*one) for one in found]
        click.echo(json.dumps({"kept": not failed, "files": files}, ensure_ascii=False, indent=2))
    else:
        for path, loaded, proofs in found:
            _show(path, loaded, proofs)
    context.exit(1 if failed else 0)


def _show(path: Path, loaded: Loaded, proofs: Sequence[Proof]) -> None:
    if loaded.program is None:
        tell(loaded.problems)
        click.echo(f"{path}: nothing proved, {counted(broken(loaded.problems), 'error')}")
        return
    for proof in proofs:
        why = proof.reason or f"{shown_move(loaded.program, proof)}{proof.harm}"
        click.echo(f"{path}:{proof.where.line}: {proof.status}: {proof.promise}{'; ' if why else ''}{why}")
        if proof.orders:
            order = example_of(loaded.program, proof)
            click.echo(f"    for example {', '.join(f'{name} {value}' for name, value in order)}")
    proved = sum(proof.status == "proved" for proof in proofs)
    share = f" ({share_proved(proofs)} %), for {ASSUMED}" if proofs else ""
    click.echo(f"{path}: {proved} of {counted(len(proofs), 'promise')} proved{share}")


def _as_document(path: Path, loaded: Loaded, proofs: Sequence[Proof]) -> dict[str, Any]:
    """One file's proofs for machines."""
    told: list[dict[str, Any]] = []
    for proof in proofs:
        assert loaded.program is not None
        told.append({
            "promise": proof.promise, "line": proof.where.line, "status": proof.status, "reason": proof.reason,
            "harm": proof.harm and f"{shown_move(loaded.program, proof)}{proof.harm}",
            "example": dict(example_of(loaded.program, proof)) if proof.orders else {},
        })  # fmt: skip
    return {"file": str(path), "errors": broken(loaded.problems), "percent": share_proved(proofs), "promises": told}
