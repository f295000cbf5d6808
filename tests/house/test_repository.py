"""The repository is fit to be handed on: no secrets, no paths or hosts of one machine, a README of one page."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import PACKAGES, ROOT, tracked_files

FAULTS = {
    "a path of one machine": re.compile(r"(?<![\w.:/}\])$-])/(?:work|root|home/\w+|Users/\w+|opt|mnt|workspace)/\w"),
    "a package registry": re.compile(
        r"pypi\.(?:org|io)|pythonhosted\.|registry\.npmjs|--(?:extra-)?index-url|deb\.debian", re.IGNORECASE
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\w"),
    "a key of a service": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|ghp_\w{30,}|xox[bp]-\w{10,}|whsec_\w{20,})"),
}
GENERATED = re.compile(r"^(?:api/static/|requirements/)|\.min\.(?:js|css)$")
BINARY = re.compile(r"\.(?:png|ico|woff2?|gz|parquet)$")
README_LINES = 150


def leaks(path: str, text: str) -> list[str]:
    """What in one file should not leave the machine it was written on."""
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match.group()}"
        for what, pattern in FAULTS.items()
        for match in pattern.finditer(text)
    ]


def test_no_tracked_file_tells_of_a_machine_a_registry_or_a_secret() -> None:
    own = "tests/house/test_repository.py"
    names = [name for name in tracked_files() if not BINARY.search(name) and not GENERATED.search(name) and name != own]
    assert len(names) > 15
    assert [line for name in names for line in leaks(name, (ROOT / name).read_text("utf-8"))] == []


LEAKS = ("cd /opt/thing", "'/home/ann/x'", "pip --index-url x", "-----BEGIN EC PRIVATE KEY-----\nMH",
         "key = AKIAABCDEFGHIJKLMNOP")  # fmt: skip


@pytest.mark.parametrize("line", LEAKS)
def test_the_reader_finds_what_leaks(line: str) -> None:
    assert len(leaks("x", line)) == 1


@pytest.mark.parametrize("line", ["GET /v1/home/work", "example.com/opt/x", "../shared/data", "var/work/x", "a / b"])
def test_the_reader_lets_ordinary_lines_pass(line: str) -> None:
    assert leaks("x", line) == []


def test_nothing_that_a_command_makes_is_tracked() -> None:
    made = re.compile(r"(^|/)(__pycache__|\.venv|var|dist|build|node_modules|\.pytest_cache)/|\.pyc$|\.egg-info/")
    assert [name for name in tracked_files() if made.search(name)] == []


def test_the_readme_fits_one_sitting_and_shows_the_map() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) < README_LINES
    text = "\n".join(lines)
    assert [folder for folder in (*PACKAGES, "tests", "docs") if f"{folder}/" not in text] == []
    assert {"make run", "make test"} <= set(re.findall(r"make [a-z]+", text))


def test_links_between_our_documents_lead_somewhere() -> None:
    broken = []
    for name in (name for name in tracked_files() if name.endswith(".md")):
        for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text("utf-8")):
            if "://" not in target and not ((ROOT / name).parent / target).exists():
                broken.append(f"{name}: {target}")
    assert broken == []
