"""A document is one small PDF in Chinese, the same bytes for the same paper, with every account in it."""

import random
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.papers import Printer, render
from domain.officers import Role
from domain.orders import OfficerCard
from domain.papers import Paper, PaperKind, PaperLine
from tests.workflows.paper_policy import POLICY

TITLES = {
    PaperKind.STOP: "紧急止付通知书",
    PaperKind.EXTEND: "延长紧急止付通知书",
    PaperKind.LIFT: "解除止付通知书",
    PaperKind.FREEZE: "协助冻结财产通知书",
    PaperKind.RENEW: "协助继续冻结财产通知书",
    PaperKind.UNFREEZE: "协助解除冻结财产通知书",
    PaperKind.QUERY: "协助查询财产通知书",
}


def lines(count: int) -> tuple[PaperLine, ...]:
    return tuple(
        PaperLine(number=f"62170064{n * 7_919:011d}", name=f"测试丙{n:04d}", amount_fen=100_000 + n * 137)
        for n in range(count)
    )


def paper(count: int = 1, kind: PaperKind = PaperKind.STOP, **changes: object) -> Paper:
    whole = {
        "kind": kind,
        "number": "锡公（反诈）止付字〔2026〕000123号",
        "case_number": "A2026-000123",
        "category": "冒充公检法及政府机关",
        "institution_name": "中国建设银行",
        "organ": "无锡市反电信网络诈骗中心",
        "lines": lines(count),
        "handling": OfficerCard(number="032001", name="张测试", phone="0510-81234567"),
        "second": OfficerCard(number="032002", name="李测试"),
        "issued_at": datetime(2026, 11, 21, 19, 4, 5, tzinfo=UTC),
        "term": "48小时",
    }
    return Paper.model_validate(whole | changes)


def text_of(document: bytes, place: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine: what is printed cannot be read back")
    file = place / "paper.pdf"
    file.write_bytes(document)
    command = ["pdftotext", "-layout", str(file), "-"]
    return re.sub(r"[ \u3000]+", "", subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("kind", PaperKind)
def test_the_first_page_says_what_the_law_wants(kind: PaperKind, tmp_path: Path):
    text = text_of(render(paper(kind=kind)), tmp_path)
    wanted = [
        TITLES[kind], "锡公（反诈）止付字〔2026〕000123号", "A2026-000123", "冒充公检法及政府机关", "中国建设银行",
        "无锡市反电信网络诈骗中心", "测试丙0000", "6217006400000000000", "48小时", "范围",
        "张测试警号032001电话0510-81234567", "李测试警号032002", "2026年11月22日", "印章", "第1页共1页",
    ]  # fmt: skip
    if kind not in {PaperKind.LIFT, PaperKind.QUERY}:  # they are about whole accounts
        wanted.append("1,000.00元")
    assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize(("kind", "how"), [(PaperKind.QUERY, "当班授权"), (PaperKind.FREEZE, "审批")])
def test_a_paper_names_the_law_it_rests_on_and_the_level_that_ordered_it(kind: PaperKind, how: str, tmp_path: Path):
    law = "反电信网络诈骗法第二十条"
    text = text_of(render(paper(kind=kind, basis=law, level=(Role.STOP_DESK, Role.SECOND_OFFICER))), tmp_path)
    assert f"根据{law}的规定" in "".join(text.split())
    assert f"批准层级{how}（经办人、协查人）" in text


def test_the_annex_lists_every_account(tmp_path: Path):
    text = text_of(render(paper(300)), tmp_path)
    assert "共300户" in text
    assert [line.number for line in lines(300) if line.number not in text] == []
    assert [line.name for line in lines(300) if line.name not in text] == []


def test_nothing_is_cut_from_a_long_name_or_number(tmp_path: Path):
    name = "无锡某某国际贸易有限责任公司" * 8
    number = "1103020109200012345678901234567890_0001abcdefghijkl"[:50]
    odd = (PaperLine(number=number, name=name), *lines(2))
    text = text_of(render(paper(lines=odd)), tmp_path)
    kept = "".join(character for character in text if not character.isspace())
    assert kept.count("无锡某某国际贸易有限责任公司") + kept.count("无锡某某") >= 8
    assert number[:28] in kept
    assert number[28:] in kept


def test_the_same_paper_is_the_same_bytes():
    again = Paper.model_validate_json(paper(50).model_dump_json())
    assert render(paper(50)) == render(again)
    assert render(paper(50)) != render(paper(51))


@pytest.mark.parametrize("count", [0, 1, 2, 45, 46, 200, 300])
def test_a_document_is_a_pdf_under_twenty_kilobytes(count: int):
    document = render(paper(count))
    assert document.startswith(b"%PDF")
    assert document.rstrip().endswith(b"%%EOF")
    assert b"FontFile" not in document
    assert len(document) < 20_000


ANY = [chr(code) for code in range(0x4E00, 0x9FA6)]
BATCH = POLICY.lanes.batch_most


@pytest.mark.parametrize(("characters", "most"), [(4, 12_000), (40, 20_000), (120, 40_000)])
def test_a_paper_of_a_whole_batch_stays_small_whatever_its_names(characters: int, most: int):
    """120: the longest name that the platform takes. Drawn by lot, none has anything in common with another."""
    lot = random.Random(1)
    accounts = tuple(
        PaperLine(
            number="".join(lot.choices("0123456789_ABCDEF", k=50)),
            name="".join(lot.choices(ANY, k=characters)),
            amount_fen=lot.randrange(10**14),
        )
        for _ in range(BATCH)
    )
    document = Printer(practice=True).render(paper(kind=PaperKind.FREEZE, lines=accounts))
    print(f"\n{BATCH} accounts, names of {characters}: {len(document)} bytes")
    assert len(document) < most


def test_a_draft_says_so_and_leaves_open_what_is_filled_in_on_issue(tmp_path: Path):
    text = text_of(Printer(practice=True).render(paper(kind=PaperKind.FREEZE, draft=True)), tmp_path)
    assert "协助冻结财产通知书（审批稿）" in text
    assert text.count("（签发时编定）") == 4  # number, date and both officers
    assert "演练文书" in text
    assert "（印章）" in text


@pytest.mark.parametrize(("interest", "said"), [(True, "包含冻结期间产生的孳息（利息）"), (False, "不包含冻结期间")])
def test_a_freeze_always_says_amount_term_scope_and_interest(interest: bool, said: str, tmp_path: Path):
    text = text_of(render(paper(kind=PaperKind.FREEZE, term="", interest=interest)), tmp_path)
    assert "期限——" in text, "what the law wants and nobody said is seen to be missing"
    assert "人民币壹仟元整（1,000.00元）" in text
    assert "限额冻结，以所列金额为限" in text
    assert f"孳息{said}" in text
    assert "批准层级" not in text, "what may be missing is left out"


def test_the_scope_follows_the_amounts(tmp_path: Path):
    whole, limited = PaperLine(number="1", name="甲"), PaperLine(number="2", name="乙", amount_fen=5)
    for accounts, words in (
        ((whole,), "全额冻结"),
        ((limited,), "限额冻结"),
        ((whole, limited), "列明金额的以所列金额为限"),
    ):
        assert words in text_of(render(paper(kind=PaperKind.FREEZE, lines=accounts)), tmp_path)


def test_thousands_of_accounts_stay_far_under_a_megabyte():
    assert len(render(paper(2_000))) < 200_000


def test_one_account_takes_a_moment():
    one, took = paper(), []
    render(one)
    for _ in range(20):
        begun = time.perf_counter()
        document = render(one)
        took.append(time.perf_counter() - begun)
    print(f"\none account: {min(took) * 1000:.2f} ms, {len(document)} bytes")
    assert min(took) < 0.01  # 2 ms on an idle machine


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=200), st.none() | st.integers(0, 10**16)), max_size=5),
    st.text(max_size=300),
)
def test_any_text_can_be_printed(odd: list[tuple[str, str, int | None]], words: str):
    accounts = tuple(PaperLine(number=number, name=name, amount_fen=fen) for number, name, fen in odd)
    card = OfficerCard(number=words, name=words, phone=words)
    told = paper(lines=accounts, category=words, institution_name=words, organ=words, term=words, number=words,
                 case_number=words, handling=card, second=card)  # fmt: skip
    assert render(told).startswith(b"%PDF")
