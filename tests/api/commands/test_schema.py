"""`aval schema`: one JSON document, in either language."""

from __future__ import annotations

import json

from click.testing import CliRunner

from api.commands import cli


def test_the_schema_is_printed_with_the_chosen_language_first() -> None:
    english, chinese = (
        json.loads(CliRunner().invoke(cli, ["schema", "--lang", language], prog_name="aval").stdout)
        for language in ("en", "zh")
    )
    assert english["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert english["properties"]["lists"]["description"].startswith("sets of words")
    assert chinese["properties"]["lists"]["description"].startswith("词表")
