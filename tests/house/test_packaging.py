"""What is installed: all of the five packages, nothing else, under names that clash with nobody's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.house.sources import PACKAGES, ROOT, tracked_files

LOCKED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)(?: ; [^\\]+)? \\$", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("packaging")
    for name in tracked_files():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "source" / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "wheels")]
    run = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = (folder / "wheels").glob("aval-*.whl")
    return zipfile.ZipFile(built)


def declared() -> ConfigParser:
    """The project's own statement about itself."""
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def locked(name: str) -> dict[str, str]:
    """The versions that one requirements file fixes."""
    return dict(LOCKED.findall((ROOT / "requirements" / name).read_text("utf-8")))


def clashes(owners: dict[str, list[str]]) -> dict[str, list[str]]:
    """Our folder names that an installed distribution also uses, with that distribution."""
    others = {name: sorted(set(owners.get(name, [])) - {"aval"}) for name in PACKAGES}
    return {name: owner for name, owner in others.items() if owner}


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    kept = {name for name in tracked_files() if name.split("/")[0] in PACKAGES and "/" in name}
    assert any(name.endswith(".py") for name in kept)
    assert held == kept


@pytest.mark.slow
def test_the_wheel_says_who_it_is(wheel: zipfile.ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    told = Parser().parsestr(wheel.read(path).decode("utf-8"))
    assert (told["Name"], told["License"], told["Requires-Python"]) == ("aval", "Apache-2.0", ">=3.11")
    assert told["Version"] == declared()["metadata"]["version"]
    entry = wheel.read(path.replace("METADATA", "entry_points.txt")).decode("utf-8")
    assert "aval = api.commands:main" in entry
    assert any(name.endswith("LICENSE") for name in wheel.namelist())


def test_our_folder_names_clash_with_nothing_installed() -> None:
    assert clashes({name: list(owners) for name, owners in metadata.packages_distributions().items()}) == {}
    assert clashes({"policy": ["aval", "some-policy"], "flask": ["Flask"]}) == {"policy": ["some-policy"]}


def test_our_folder_names_are_not_of_the_standard_library() -> None:
    assert set(PACKAGES) & sys.stdlib_module_names == set()


def test_pyproject_names_the_build_backend_only() -> None:
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    assert len(lines) == 3 and lines[0] == "[build-system]"


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "bench.txt"])
def test_every_locked_requirement_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text("utf-8")
    assert "://" not in text and "index" not in text
    for block in re.split(r"\n(?=[a-z])", text.strip()):
        assert re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", block), block


@pytest.mark.parametrize(("name", "extras"), [("run.txt", ()), ("dev.txt", ("test", "dev")), ("bench.txt", ("bench",))])
def test_the_lock_fits_what_setup_cfg_asks_for(name: str, extras: tuple[str, ...]) -> None:
    config, versions = declared(), locked(name)
    asked = config["options"]["install_requires"].split("\n")
    asked += [line for extra in extras for line in config["options.extras_require"][extra].split("\n")]
    wanted = [Requirement(line) for line in asked if line.strip()]
    assert len(wanted) > 10
    for requirement in wanted:
        version = versions[requirement.name.lower().replace("_", "-")]
        assert requirement.specifier.contains(Version(version)), f"{requirement} but {version} is locked"


def test_what_runs_is_the_same_in_every_lock() -> None:
    running = locked("run.txt")
    assert len(running) > 15
    for name in ("dev.txt", "bench.txt"):
        assert {key: locked(name).get(key) for key in running} == running


def is_copyleft(licence: str) -> bool:
    """Whether a licence would ask users of Aval to open their own source."""
    return bool(re.search(r"\bA?GPL|GNU (Affero )?General Public", licence)) and "Lesser" not in licence


def test_nothing_that_runs_is_under_the_gpl() -> None:
    told = {}
    for name in locked("run.txt"):
        about = metadata.metadata(name)
        told[name] = " ".join([*about.get_all("License-Expression", []), *about.get_all("Classifier", [])])
    assert [name for name, licence in told.items() if is_copyleft(licence)] == []
    assert is_copyleft("GPL-3.0-or-later") and is_copyleft("AGPL-3.0") and not is_copyleft("LGPL-3.0 MIT")


def test_the_makefile_explains_every_command() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE))
    explained = set(re.findall(r"^([a-z][a-z-]*):.*## \S", text, re.MULTILINE))
    assert {"setup", "check", "test", "run", "bench", "soak"} <= targets
    assert targets == explained


def test_the_build_script_is_executable_and_runs_check_and_test() -> None:
    script = Path(ROOT / ".ci" / "run")
    assert script.stat().st_mode & 0o111
    text = script.read_text("utf-8")
    assert "set -euo pipefail" in text and "make check test" in text
