"""`aval prove`: the promises that stand in policies, proved for every order or refuted by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from api.commands.counts import counted
from api.commands.files import broken, language_option, load, policy_files, said, tell, tell_example
from policy import Loaded
from rules.proving import ASSUMED, Proof, example_of, proofs_of, share_proved, shown_move


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Lines for people, or one document for machines.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@language_option
@click.pass_context
def prove(context: click.Context, names: tuple[str, ...], form: str, as_json: bool, language: str) -> None:
    """Prove the promises that stand in policy files; a folder stands for all policies in it.

    Ends with 1 where an order breaks a promise, or a policy has errors.
    """
    found = [(path, loaded, proofs_of(loaded)) for path in policy_files(names) for loaded in (load(path),)]
    failed = any(loaded.program is None or any(proof.status == "refuted" for proof in proofs)
                 for _, loaded, proofs in found)  # fmt: skip
    if as_json or form == "json":
        files = [_as_document(*one) for one in found]
        click.echo(json.dumps({"kept": not failed, "files": files}, ensure_ascii=False, indent=2))
    else:
        for path, loaded, proofs in found:
            _show(path, loaded, proofs, language)
    context.exit(1 if failed else 0)


def _show(path: Path, loaded: Loaded, proofs: Sequence[Proof], language: str) -> None:
    if loaded.program is None:
        tell(loaded.problems, language)
        click.echo(said(f"{path}: nothing proved, {counted(broken(loaded.problems), 'error')}", language))
        return
    for proof in proofs:
        why = said(proof.reason or f"{shown_move(loaded.program, proof)}{proof.harm}", language)
        status = said(proof.status, language)
        click.echo(f"{path}:{proof.where.line}: {status}: {proof.promise}{'; ' if why else ''}{why}")
        if proof.orders:
            tell_example(example_of(loaded.program, proof), language)
    proved = sum(proof.status == "proved" for proof in proofs)
    of = counted(len(proofs), "promise")
    share = share_proved(proofs)
    told = f"{proved} of {of} proved ({share} %), for {ASSUMED}" if proofs else f"{proved} of {of} proved"
    click.echo(f"{path}: {said(told, language)}")


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
