"""Rules and decisions that are cited stand in docs/rules.md and docs/decisions.md."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache

from tests.architecture.reading import ROOT

RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
HELD = (".py", ".toml", ".md", ".json")
OURS = r"\b(?:rules|DOM" + r"AIN) "  # the second: the founders' paper of the same numbers
IDS = re.compile(OURS + r"((?:[RF]\d+)(?:, [RF]\d+)*)")
SECTIONS = re.compile(OURS + r"(?:section )?(\d+)\b")
NAMED = re.compile(r"\(decisions: ([a-z ]+)[;)]")


@cache
def texts() -> list[tuple[str, str]]:
    """Every text of the repository that may cite, by its name."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    names = [one for one in listed if one.endswith(HELD) and not one.startswith("tests/replay/histories/")]
    return [(name, (ROOT / name).read_text(encoding="utf-8")) for name in names if (ROOT / name).is_file()]


def cited(pattern: re.Pattern[str]) -> Iterator[str]:
    for name, text in texts():
        if name not in {"docs/rules.md", "tests/architecture/test_citations.py"}:
            yield from pattern.findall(text)


def test_every_rule_that_is_cited_stands_in_the_rules():
    ids = {one for found in cited(IDS) for one in found.split(", ")}
    ids |= set(re.findall(r"# .*?\b([RF]\d+)\b", (ROOT / "domain" / "policy.toml").read_text(encoding="utf-8")))

    assert ids >= {"R2", "R12", "R13", "F1"}  # the reading finds what there is
    assert ids <= set(re.findall(r"^\| ([RF]\d+) \|", RULES, re.MULTILINE))


def test_every_section_that_is_cited_stands_in_the_rules():
    sections = set(cited(SECTIONS))

    assert sections >= {"5", "8", "10"}
    assert sections <= set(re.findall(r"^## (\d+)\. ", RULES, re.MULTILINE))


def test_every_decision_that_is_cited_by_name_stands_among_the_decisions():
    headings = [one.casefold() for one in re.findall(r"^(?:## |\*\*)([^*\n]+)", DECISIONS, re.MULTILINE)]

    assert not [one for one in cited(NAMED) if not any(head.startswith(one.casefold()) for head in headings)]


def test_a_file_that_is_cited_in_docs_is_there():
    docs = {one for name, text in texts() if name != "CHANGELOG.md" for one in re.findall(r"docs/[\w./-]+\.md", text)}

    assert "docs/wire.md" in docs
    assert not [one for one in docs if not (ROOT / one).is_file()]


def test_nothing_is_cited_that_is_not_here():
    """A rule, a decision and a scenario are cited by where they stand in docs/."""
    absent = re.compile("(DOM" + r"AIN|ARCHI" + r"TECTURE|SCEN" + r"ARIO)\b,? (section )?[RF]?\d")
    assert not [name for name, text in texts() if absent.search(text)]
