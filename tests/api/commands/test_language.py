"""The commands in Chinese: asked for with --lang, or by the terminal's own language."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands import cli
from storage.engine import open_database
from tests.api.people import HASH, PASSWORD
from tests.house.test_chinese import ENGLISH, QUOTED
from tests.storage.records import WRITER, add_both

ROOT = Path(__file__).resolve().parents[3]
STANDARD = ROOT / "policy" / "library" / "standard.yaml"
BROKEN = ROOT / "tests" / "conformance" / "broken"


def aval(*args: str, **environment: str) -> str:
    """What a command says, on both outputs."""
    language = {"LC_ALL": None, "LC_MESSAGES": None, "LANG": None}
    return CliRunner().invoke(cli, args, prog_name="aval", env={**language, **environment}).output


@pytest.fixture
def changed(tmp_path: Path) -> str:
    """The standard policy with a moved threshold, a moved number and a failing test."""
    path = tmp_path / "changed.yaml"
    text = STANDARD.read_text("utf-8").replace("customer.score >= 80", "customer.score > 80")
    path.write_text(text.replace("5_000_000", "4_000_000"), "utf-8")
    return str(path)


def test_findings_are_chinese_where_they_are_asked_for() -> None:
    gap = str(BROKEN / "gap.yaml")
    assert "no row of tiers fits" in aval("check", gap)
    for told in (aval("check", gap, "--lang", "zh"), aval("check", gap, LANG="zh_CN.UTF-8"),
                 aval("check", gap, LANG="en_US.UTF-8", LC_ALL="zh_CN.UTF-8")):  # fmt: skip
        assert "tiers 中没有行符合订单" in told
        assert "例如 customer.average_days_late 31" in told
        assert told.endswith("1 个文件：1 个错误，0 个警告\n")
    assert "no row of tiers fits" in aval("check", gap, "--lang", "en", LC_ALL="zh_CN.UTF-8")
    assert "no row of tiers fits" in aval("check", gap, LC_ALL="C")


def test_json_has_both_languages_whatever_is_asked_for() -> None:
    for flags in (("--json",), ("--format", "json", "--lang", "zh")):
        told = aval("check", str(BROKEN / "gap.yaml"), *flags)
        assert "no row of tiers fits" in told
        assert "tiers 中没有行符合" in told


def test_a_diff_is_chinese(changed: str) -> None:
    told = aval("diff", str(STANDARD), changed, "--lang", "zh", "--orders", "50")
    assert "customer.score 恰为 80 时不再符合（'>=' 变为 '>'）" in told
    assert "改为 min(10% * customer.annual_revenue, 4_000_000)" in told
    assert "含义改动：2 处改动" in told
    assert "两份文件含义相同" in aval("diff", str(STANDARD), str(STANDARD), "--lang", "zh")
    assert '"sentence_zh": "tiers' in aval("diff", str(STANDARD), changed, "--json", "--orders", "50")


def test_tests_and_proofs_are_told_in_chinese(changed: str) -> None:
    told = aval("test", changed, "--lang", "zh")
    assert "未通过" in told
    assert "应为" in told
    assert ENGLISH.findall(QUOTED.sub("", told.split("项测试")[-1])) == []
    proved = aval("prove", str(BROKEN / "false-promise.yaml"), "--lang", "zh")
    assert "已推翻: better score never worse; 当 customer.score 由 79 变为 80 时，结论由批准变为拒绝" in proved
    assert "已证明 2 项承诺中的 1 项（50 %），针对各项事实俱全的订单" in proved
    assert "未运行，1 个错误" in aval("test", str(BROKEN / "gap.yaml"), "--lang", "zh")
    assert "未作证明，1 个错误" in aval("prove", str(BROKEN / "gap.yaml"), "--lang", "zh")


MODEL = (
    '<definitions name="m"><inputData name="A"><variable name="A" typeRef="number"/></inputData><decision name="Got">'
    '<variable name="Got" typeRef="number"/><literalExpression><text>{}</text></literalExpression></decision>'
    "</definitions>"
)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("A ** A", "dmn-not-kept: 'Got' 中：乘方 ** 没有精确对应；请将其结果作为输入提供"),
        ("A +", "dmn-expression: 'A +'：应为值处出现了 'the end'；请只用所支持的 FEEL 部分书写"),
        ("B", "dmn-reference: 此处不认识 'B'；请引用输入、决策或参数"),
    ],
)
def test_a_dmn_import_is_chinese(tmp_path: Path, formula: str, told: str) -> None:
    path = tmp_path / "m.dmn"
    path.write_text(MODEL.format(formula), "utf-8")
    found = aval("dmn", "import", str(path), "--lang", "zh")
    assert told in found
    assert "0 个决策已转换，1 处被拒绝\n" in found
    path.write_text("<a></b>", "utf-8")
    told = "dmn-xml: 这不是合法的 XML：起止标签不匹配；请重新导出文件\n"
    assert told in aval("dmn", "import", str(path), LANG="zh_CN")


def test_a_dmn_test_is_chinese(tmp_path: Path) -> None:
    path, cases = tmp_path / "m.dmn", tmp_path / "m.xml"
    path.write_text(MODEL.format("A * 2"), "utf-8")
    cases.write_text(
        '<testCases xmlns:xsi="x"><testCase id="1"><resultNode name="Got"><expected><value xsi:type="xsd:decimal">4'
        "</value></expected></resultNode></testCase></testCases>", "utf-8",
    )  # fmt: skip
    found = aval("dmn", "test", str(path), str(cases), "--lang", "zh")
    assert "用例" in found and "未通过" in found
    assert found.endswith("1 项结果：0 项一致，1 项不一致\n")


def test_a_broken_file_is_not_published_and_not_explained_in_chinese(tmp_path: Path) -> None:
    gap, database = str(BROKEN / "percent.yaml"), str(tmp_path / "aval.db")
    assert aval("db", "upgrade", "--database", database)
    with open_database(database).write() as work:
        add_both(work, HASH)
    command = ("policy", "publish", gap, "--database", database, "--by", WRITER, "--keep-aside", "--lang", "zh")
    published = CliRunner().invoke(cli, command, prog_name="aval", input=f"{PASSWORD}\n").output
    explained = aval("explain", gap, "--lang", "zh")
    assert f"'{gap}' 未发布\n" in published
    assert f"{gap} 无法解释：有" in explained
    for told in (published, explained):
        assert not [line for line in told.splitlines() if ENGLISH.search(QUOTED.sub("", line))], told
