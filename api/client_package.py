"""Makes the package `aval_client`: the calls and records of our OpenAPI document, and the files of `api/client`.

It is made and never kept: 190 files that say again what the document says would be read by nobody and be wrong by the
next change. `make client` runs this. The generator knows no decimals, so an amount goes through it as its other kind of
text, the UUID, which our document does not use, and the templates beside write and read it as a Decimal.
Source: docs/decisions/0020-the-client-is-made-not-kept.md
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import openapi_python_client
from openapi_python_client.config import Config, ConfigFile, MetaType

from api.app import create_app
from api.settings import Settings

NAME = "aval_client"
OWN = Path(__file__).parent / "client"
TEMPLATES = Path(__file__).parent / "client_templates"
_UNUSED = ("client.py", "errors.py")  # what the generator's own way of asking needs
_IMPORT = "from decimal import Decimal\n\nfrom ..amounts import read_amount, write_amount"
PROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "aval-client"
version = "{version}"
description = "Ask Aval for credit decisions"
requires-python = ">=3.11"
license = "Apache-2.0"
dependencies = ["attrs>=24.2", "httpx>=0.28,<1"]

[tool.setuptools.packages.find]
include = ["aval_client*"]

[tool.setuptools.package-data]
aval_client = ["py.typed"]
"""


def make_client(folder: Path) -> Path:
    """Write the project of the client into a folder, in place of what was there, and give the package's own folder.

    Raises: ValueError where the generator could not make something of the document.
    """
    document = _document()
    shutil.rmtree(folder / NAME, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    _generate(document, folder / NAME)
    for path in sorted((folder / NAME).rglob("*.py")):
        path.write_text(_with_decimals(path.read_text("utf-8")), "utf-8")
    for name in _UNUSED:
        (folder / NAME / name).unlink()
    for path in OWN.glob("*.py"):
        shutil.copy(path, folder / NAME / path.name)
    (folder / NAME / "py.typed").touch()
    (folder / "pyproject.toml").write_text(PROJECT.format(version=document["info"]["version"]), "utf-8")
    return folder / NAME


def _document() -> dict[str, Any]:
    """Our OpenAPI document, its amounts marked for the generator; asking for it opens no database."""
    app = create_app(Settings(database="client.db", pepper=b"\0" * 32))
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    if '"uuid"' in json.dumps(document):
        raise ValueError("the document has a UUID by now, and amounts need another place in the generator")
    _mark(document)
    return document


def _mark(node: Any) -> None:
    """Mark every amount below a part of the document, and leave out its default: the service fills that in itself.

    A field that is always null may be anything: the generator writes a function for it whose result nobody may use.
    """
    if isinstance(node, dict):
        if node.get("type") == "null":
            del node["type"]
        if node.get("format") == "decimal":
            node["format"] = "uuid"
            node.pop("default", None)
        for value in node.values():
            _mark(value)
    elif isinstance(node, list):
        for value in node:
            _mark(value)


def _generate(document: dict[str, Any], package: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as written:
        json.dump(document, written)
        written.flush()
        config = Config.from_sources(ConfigFile(package_name_override=NAME, post_hooks=[], literal_enums=True),
                                     MetaType.NONE, Path(written.name), "utf-8", True, package)  # fmt: skip
        faults = openapi_python_client.generate(config=config, custom_template_path=TEMPLATES)
    if faults:
        raise ValueError("; ".join(f"{fault.header}: {fault.detail}" for fault in faults))


def _with_decimals(text: str) -> str:
    """A generated file whose amounts are named for what they are."""
    return re.sub(r"\bUUID\b", "Decimal", text.replace("from uuid import UUID", _IMPORT))


if __name__ == "__main__":
    make_client(Path(sys.argv[1]))
