"""Files made to hurt whoever reads them: bombs, depths, numbers without end, signs that nobody sees, wrong encodings.

Each stands with the codes of which at least one has to be told; where there are none, the file is odd and no mistake.
Source: what YAML, JSON, Python and SQLite are known to do with such inputs.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.source import BYTES_MAX

HEAD = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\n"
SOUND = HEAD + "checks:\n  - check: c\n    when: order.amount > 5\n    verdict: deny\n"
TOKENS = 400_000
ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
Input = tuple[bytes, tuple[str, ...]]


def limit(text: str) -> bytes:
    """A policy whose only limit is this text."""
    return f"{HEAD}limits:\n  - otherwise: true\n    limit: {text}\n".encode("utf-8", "surrogatepass")


def line(text: str) -> bytes:
    """A policy with one check whose condition is this text."""
    return f"{HEAD}checks:\n  - check: c\n    when: {text}\n    verdict: deny\n".encode("utf-8", "surrogatepass")


def formula(text: str) -> bytes:
    """A policy with one figure of this formula."""
    return f"{HEAD}let:\n  it: {text}\nchecks:\n  - {{check: c, when: it > 5, verdict: deny}}\n".encode()


def given(text: str) -> bytes:
    """A sound policy with one test that gives an order of this amount."""
    return f"{SOUND}tests:\n  - name: t\n    given: {{order.amount: {text}}}\n    expect: {{verdict: deny}}\n".encode()


def step(text: str) -> bytes:
    """A sound policy with a ladder of one step on this day."""
    return f"{SOUND}escalation:\n  l:\n    - {{step: s, at: {text}, do: hold orders}}\n".encode()


def end(text: str) -> bytes:
    """A sound policy with one more section."""
    return (SOUND + text).encode()


def padded(text: str, fill: str) -> bytes:
    """A text filled up to the largest size that a policy may have."""
    room = BYTES_MAX - len(text.encode())
    return (text + fill * (room // len(fill.encode()))).encode()


def of_values() -> Mapping[str, Input]:
    """Numbers, dates and flags that other readers take, or that cost much to read."""
    number, said = ("number",), ("number", "range", "expression", "kind", "unit", "too-wide", "unknown-fact")
    numbers = {
        "exponent": "1e3", "large exponent": "1e300000", "larger exponent": "1e3000000",
        "negative exponent": "1e-300000",
        "5,000 digits": "9" * 5_000, "400,000 digits": "9" * TOKENS, "past 64 bits": "9_223_372_036_854_775_808",
        "not a number": ".nan", "not a number, as a word": "NaN", "infinity": ".inf", "minus infinity": "-.inf",
        "octal": "0o17", "leading zero": "010", "hexadecimal": "0x1F", "base sixty": "12:30:45",
        "spaces in it": "1 000", "thin space in it": "1\u2009000", "underscores": "1__000",
        "tenths": "0." + "3" * 5_000, "a flag": "true",
    }  # fmt: skip
    found: dict[str, Input] = {}
    for name, text in numbers.items():
        found[f"limit of {name}"] = (limit(text), said)
        found[f"test that gives {name}"] = (given(text), (*said, "test-value"))
        found[f"comparison with {name}"] = (line(f"order.amount > {text}"), (*said, "chained-comparison"))
    wide = {"full-width digits": "５０００", "Arabic digits": "٣٤", "a superscript": "²", "a full-width dot": "5．5"}
    for name, text in wide.items():
        found[f"limit of {name}"] = (limit(text), (*number, "full-width-sign", "bad-name"))
        found[f"comparison with {name}"] = (line(f"order.amount > {text}"), (*number, "full-width-sign", "bad-name"))
    found["a score of true"] = (line("customer.score is true"), ("kind", "unknown-fact"))
    found["Norway"] = (line("customer.country is NO"), ("yaml-word",))
    found["the 30th of February"] = (line("as_of > 2026-02-30"), ("date",))
    found["the year 0"] = (line("as_of > 0000-01-01"), ("date",))
    found["the year 99999"] = (line("as_of > 99999-01-01"), ("date", "expression", "number"))
    return found


def of_lines() -> Mapping[str, Input]:
    """Conditions, formulas and days that are too long or too deep."""
    digits, shape = "9" * 5_000, ("range", "unknown-word", "missing-key", "unknown-key", "unit", "wrong-shape")
    deep = ("too-deep", "expression", "too-wide", "date-formula")
    chain, longest = " + ".join(["order.amount"] * 5_000), " + ".join(["5 days"] * 5_000)
    return {
        "brackets in a condition": (line("order.amount > " + "(" * 3_000 + "1" + ")" * 3_000), deep),
        "brackets that never end": (line("order.amount > " + "(" * TOKENS), deep),
        "minus signs": (formula("order.amount - " + "-" * 20_000 + "1"), (*deep, "number")),
        "a sum of 5,000 amounts": (formula(chain), (*deep, "too-large")),
        "a product of 200 amounts": (formula(" * ".join(["order.amount"] * 200)), (*deep, "kind", "unit")),
        "a min in a min": (formula("min(" * 2_000 + "1, 2" + ")" * 2_000), deep),
        "not of not": (line("not " * 5_000 + "tier is a"), (*deep, "one-test-per-line")),
        "a list of 20,000 words": (line(f"customer.country in [{', '.join(['CN'] * 20_000)}]"), deep + ("too-large",)),
        "a name of 400,000 letters": (line("a" * TOKENS + " is true"), (*deep, "unknown-fact", "bad-name")),
        "a backtracking word": (line("a" * 50_000 + "! > 5"), deep),
        "a day of 5,000 sums": (step("due + " + longest), deep),
        "a day in brackets": (step("month end of (" * 2_000 + "due" + ")" * 2_000), deep),
        "a day without end": (step("due + " + "9" * 5_000 + " days"), (*deep, "range", "number")),
        "an age of 5,000 digits": (end(f"documents:\n  d:\n    not_older_than: {digits} days\n"), (*deep, *shape)),
        "a list of 5,000 digits of items": (end(f"facts:\n  customer.l: {{kind: list, at_most: {digits}}}\n"), shape),
        "a look back of 5,000 digits": (formula(f"count of invoices in last {digits} months"), ("range", "expression")),
        "terms of 5,000 digits": (end(f"terms:\n  - otherwise: true\n    offer: [net {digits}]\n"), ("terms",)),
        "a version of 5,000 digits": (SOUND.replace("aval: 1", f"aval: {digits}").encode(), ("not-yet-supported",)),
        "a share of 5,000 digits": (formula(f"{digits}% * order.amount"), (*deep, "range", "percent", "number")),
        "a day in full-width digits": (step("due + １５ days"), (*deep, "full-width-sign")),
        "earliest of earliest": (step("{earliest: [" * 30 + "due" + "]}" * 30), deep),
    }


def of_structure() -> Mapping[str, Input]:
    """YAML that other readers follow into the dark."""
    return {
        "an alias bomb": ((HEAD + ALIASES).encode(), ("anchor",)),
        "a merge-key bomb": ((HEAD + MERGES).encode(), ("merge-key",)),
        "an alias of itself": ((HEAD + "checks: &a [*a]\n").encode(), ("anchor",)),
        "a block in itself": ((HEAD + "let: &a {x: *a}\n").encode(), ("anchor",)),
        "5,000 anchors": ((HEAD + "".join(f"a{n}: &a{n} x\n" for n in range(5_000))).encode(), ("anchor",)),
        "lists in lists": (b"a: " + b"[" * 100_000, ("too-deep",)),
        "blocks in blocks": (b"{a: " * 100_000, ("too-deep",)),
        "dashes": (b"- " * 100_000, ("too-deep",)),
        "question marks": (b"? " * 100_000, ("too-deep",)),
        "indents": ("".join(" " * n + "a:\n" for n in range(1_000)).encode(), ("too-deep",)),
        "50,000 values": (b"- x\n" * 50_000, ("too-many-nodes",)),
        "a key twice": ((SOUND + "currency: USD\n").encode(), ("duplicate-key",)),
        "a key 50,000 times": (b"a: 1\n" * 50_000, ("duplicate-key", "too-many-nodes")),
        "1 and true as keys": ((SOUND + "settings: {1: 5, true: 6}\n").encode(), ("bad-name", "not-a-text-key")),
        "a list as a key": ((SOUND + "? [a, b]\n: c\n").encode(), ("not-a-text-key",)),
        "a tag of Python": ((HEAD + "checks: !!python/object/apply:os.system [ls]\n").encode(), ("tag",)),
        "a tag without end": ((HEAD + "checks: !" + "x" * TOKENS + " 5\n").encode(), ("tag", "broken-yaml")),
        "two documents": ((SOUND + "---\n" + SOUND).encode(), ("several-documents",)),
        "20,000 documents": (b"--- a\n" * 20_000, ("several-documents",)),
        "a directive": (b"%YAML 9.9\n---\n" + SOUND.encode(), ("broken-yaml", "tag")),
        "100,000 directives": (b"%TAG ! tag:x,2000:\n" * 100_000, ("broken-yaml",)),
        "a quote that never ends": ((HEAD + "checks: '" + "x\n" * 100_000).encode(), ("broken-yaml",)),
        "20,000 slips": ((HEAD + "".join(f"a{n}: > 5\n" for n in range(20_000))).encode(), ("quoting",)),
        "20,000 brackets that close nothing": ((HEAD + "a: ]\n" * 20_000).encode(), ("broken-yaml",)),
        "20,000 tabs": ((HEAD + "\ta: 1\n" * 20_000).encode(), ("broken-yaml",)),
        "only a word": (b"hello", ("wrong-shape", "unknown-section", "missing-key")),
        "only a list": (b"[1, 2]", ("wrong-shape",)),
        "null": (b"null", ("wrong-shape", "empty-file")),
        "nothing": (b"", ("empty-file",)),
    }


def of_bytes() -> Mapping[str, Input]:
    """Encodings, signs that nobody sees, and files as large as they may be or larger."""
    text = SOUND.encode()
    return {
        "a byte order mark": (b"\xef\xbb\xbf" + text, ()),
        "Windows line ends": (text.replace(b"\n", b"\r\n"), ()),
        "old Macintosh line ends": (text.replace(b"\n", b"\r"), ()),
        "two byte order marks": (b"\xef\xbb\xbf" * 2 + text, ("control-character", "unknown-section", "missing-key")),
        "UTF-16": (SOUND.encode("utf-16"), ("not-utf8", "control-character")),
        "UTF-16 without mark": (SOUND.encode("utf-16-be"), ("not-utf8", "control-character")),
        "UTF-32": (SOUND.encode("utf-32"), ("not-utf8", "control-character")),
        "GBK": (text + "# 标准\n".encode("gbk"), ("not-utf8",)),
        "Latin-1": (text + b"# caf\xe9\n", ("not-utf8",)),
        "overlong UTF-8": (text + b"# \xc0\xaf\n", ("not-utf8",)),
        "a lone surrogate": (line("customer.country is '\ud800'"), ("not-utf8",)),
        "an escaped surrogate": (line('"customer.country is \\ud800"'), ("broken-yaml", "control-character")),
        "an escaped surrogate as a value": (limit('"\\ud800"'), ("broken-yaml", "control-character")),
        "an escaped surrogate in a title": (text.replace(b" P}", b' "\\ud800"}'), ("broken-yaml", "control-character")),
        "an escaped surrogate as a name": (text + b'"\\ud83d\\ude00": 1\n', ("broken-yaml", "control-character")),
        "NUL": (text + b"a: \x00\n", ("control-character",)),
        "an escaped NUL": (limit('"\\0"'), ("control-character",)),
        "a title with an escaped NUL": (text.replace(b"{en: P}", b'{en: "a\\0b"}'), ("control-character",)),
        "a name written backwards": (line("order.\u202eamount > 5"), ("control-character",)),
        "a space of no width": (line("order.\u200bamount > 5"), ("control-character", "expression")),
        "a Cyrillic letter": (line("оrder.amount > 5"), ("expression", "unknown-fact", "bad-name", "full-width-sign")),
        "a combining accent": (line("orde\u0301r.amount > 5"), ("expression", "unknown-fact", "bad-name")),
        "a line separator": (line("order.amount\u2028 > 5"), ("control-character", "expression", "broken-yaml")),
        "a next-line sign": (line("order.amount\u0085 > 5"), ("control-character", "expression", "broken-yaml")),
        "tabs": ((HEAD + "checks:\n\t- check: c\n").encode(), ("broken-yaml",)),
        "100,000 NULs": (text + b"\x00" * 100_000, ("control-character",)),
        "100,000 full-width colons": (text + "a：\n".encode() * 100_000, ("full-width-sign",)),
        "2 MiB of remarks": (padded(SOUND, "# remark\n"), ()),
        "2 MiB of empty lines": (padded(SOUND, "\n"), ()),
        "2 MiB of one remark": (padded(SOUND + "# ", "x"), ()),
        "2 MiB of one word": (padded(SOUND + "a: ", "x"), ("unknown-section",)),
        "2 MiB of one condition": (padded(HEAD + "checks:\n  - when: ", "x > 5 "), ("expression", "missing-key")),
        "2 MiB of one text": (padded(HEAD + "description: |\n  ", "x"), ("unknown-section", "missing-key")),
        "2 MiB of full-width letters": (padded(SOUND + "a: ", "Ａ"), ("full-width-sign", "unknown-section")),
        "2 MiB of values": (padded(HEAD + "a:\n", "- x\n"), ("too-many-nodes",)),
        "2 MiB of values in brackets": (padded(HEAD + "a: [", "x, "), ("too-many-nodes", "broken-yaml")),
        "2 MiB of keys": (padded(HEAD, "a: 1\n"), ("too-many-nodes", "duplicate-key")),
        "2 MiB of quotes": (padded(HEAD + "a: ", "''"), ("broken-yaml", "unknown-section")),
        "2 MiB of spaces": (padded(HEAD + "a:\n", " "), ("unknown-section",)),
        "2 MiB of tabs": (padded(HEAD + "a:\n", "\t"), ("broken-yaml", "unknown-section")),
        "2 MiB of bytes that are no text": (b"\xff" * BYTES_MAX, ("not-utf8",)),
        "2 MiB of NULs": (b"\x00" * BYTES_MAX, ("control-character",)),
        "one byte too much": (b"x" * (BYTES_MAX + 1), ("too-large",)),
    }


def hostile_files() -> Mapping[str, Input]:
    """Every hostile file by its name."""
    return {**of_values(), **of_lines(), **of_structure(), **of_bytes()}
