"""A paper that lets go says the sum of what it ends, how many accounts it is about, and on what it rests."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from activities.ports import Draft, OpenedOrder, OpenOrders
from adapters.papers import render
from domain.officers import Role
from domain.orders import AccountRef
from domain.papers import IssuedPaper, PaperKind
from domain.sheets import SheetKind, Verdict
from tests.register.given import (
    COUNTY,
    HANDLING,
    ICBC,
    NOW,
    SECOND,
    SECOND_TOO,
    Given,
    evidence,
    executed,
    freeze,
    lift,
    numbered,
    query,
    ref,
    stop,
    unfreeze,
)

LARGEST, FROZEN, MORE = 2_500_000, 4_000_000, 1_000_000
"""25,000 and 15,000 yuan came into one account: the stop names the larger, the freeze holds both; then 10,000 more."""


def on_errand(draft: Draft) -> Draft:
    """As an errand brings it: with the transfer that entitled the stop."""
    return draft.model_copy(update={"evidence": evidence(LARGEST)})


async def opened(given: Given, case_id: str, *drafts: Draft) -> list[OpenedOrder]:
    request = OpenOrders(case_id=case_id, institution=ICBC, drafts=tuple(map(on_errand, drafts)), now=NOW)
    return await given.register.open_orders(request, render)


async def frozen(given: Given, case_id: str, account: AccountRef, amount: int, sheet: str, sequence: int = 1) -> None:
    await given.approved(given.sheet(case_id, (account, amount), name=sheet))
    (order,) = await opened(given, case_id, freeze(account, amount, sheet, sequence))
    await given.answer(order, outcome=executed(hours=24 * 180, amount_fen=amount))


async def issued(given: Given, case_id: str, kind: PaperKind) -> list[IssuedPaper]:
    return [one for one in await given.register.papers_of(case_id) if one.kind is kind]


async def words(given: Given, paper: IssuedPaper, place: Path) -> str:
    """What the printed paper says, without its blanks."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine: what is printed cannot be read back")
    file = place / "paper.pdf"
    file.write_bytes(await given.register.kept_document(paper.sha256))
    command = ["pdftotext", "-layout", str(file), "-"]
    return re.sub(r"\s+", "", subprocess.run(command, capture_output=True, text=True, check=True).stdout)


async def test_an_unfreeze_names_the_sum_of_the_freeze_that_it_ends(given: Given, tmp_path: Path) -> None:
    await given.duty()
    case_id = await given.case()
    await frozen(given, case_id, ref(), FROZEN, "F-01")
    await opened(given, case_id, unfreeze(ref()))
    (paper,) = await issued(given, case_id, PaperKind.UNFREEZE)
    text = await words(given, paper, tmp_path)
    assert "解冻金额人民币肆万元整（40,000.00元）" in text
    assert "以所列金额为限" in text
    assert "25,000.00" not in text


async def test_two_freezes_of_one_account_end_on_one_paper_about_one_account(given: Given, tmp_path: Path) -> None:
    await given.duty()
    case_id = await given.case()
    await frozen(given, case_id, ref(), FROZEN, "F-01")
    await frozen(given, case_id, ref(), MORE, "F-02", 2)
    await opened(given, case_id, unfreeze(ref()), unfreeze(ref(), sequence=2))
    (paper,) = await issued(given, case_id, PaperKind.UNFREEZE)
    assert paper.accounts == 1
    text = await words(given, paper, tmp_path)
    assert "共1户" in text
    assert "合计人民币伍万元整（50,000.00元）" in text
    assert [sum_ for sum_ in ("40,000.00", "10,000.00") if sum_ not in text] == []


async def test_an_unfreeze_names_what_the_bank_froze_where_that_was_less(given: Given, tmp_path: Path) -> None:
    await given.duty()
    case_id = await given.case()
    await given.approved(given.sheet(case_id, (ref(), FROZEN)))
    (order,) = await opened(given, case_id, freeze(ref(), FROZEN))
    await given.answer(order, outcome=executed(hours=24 * 180, amount_fen=MORE))
    await opened(given, case_id, unfreeze(ref()))
    (paper,) = await issued(given, case_id, PaperKind.UNFREEZE)
    assert "人民币壹万元整（10,000.00元）" in await words(given, paper, tmp_path)


@pytest.mark.parametrize("count", [1, 3])
async def test_lifts_and_queries_are_about_whole_accounts_and_name_no_sum(
    given: Given, tmp_path: Path, count: int
) -> None:
    await given.duty()
    case_id = await given.case()
    accounts = numbered(count)
    await given.answer(*await opened(given, case_id, *map(stop, accounts)))
    await opened(given, case_id, *map(query, accounts))
    await opened(given, case_id, *(lift(account, "finding") for account in accounts))
    for kind, scope in (
        (PaperKind.LIFT, "本中心此前对该账户采取的紧急止付"),
        (PaperKind.QUERY, "全部交易明细"),
    ):
        (paper,) = await issued(given, case_id, kind)
        text = await words(given, paper, tmp_path)
        assert scope in text
        assert "25,000.00" not in text
        assert "人民币" not in text
        assert "金额" not in text
    (stopping,) = await issued(given, case_id, PaperKind.STOP)
    assert f"{count * 25_000:,}.00" in await words(given, stopping, tmp_path)


# ---------------------------------------------------------------- on what it rests


def _on(draft: Draft, sheet: str) -> Draft:
    return draft.model_copy(update={"sheet": sheet})


async def _stopped(given: Given, *accounts: AccountRef) -> str:
    await given.duty()
    case_id = await given.case()
    await given.answer(*await opened(given, case_id, *map(stop, accounts)))
    return case_id


async def test_a_lift_after_a_freeze_rests_on_the_freezes_sheet(given: Given, tmp_path: Path) -> None:
    case_id = await _stopped(given, ref())
    await frozen(given, case_id, ref(), FROZEN, "F-01")
    await opened(given, case_id, _on(lift(ref()), "F-01"))
    (paper,) = await issued(given, case_id, PaperKind.LIFT)
    assert paper.sheet == "F-01"
    text = await words(given, paper, tmp_path)
    assert "批准层级审批（县级审批人、协查人）" in text
    assert "刑事诉讼法第一百四十五条" in text, "it lets go, and rests on the law of letting go"
    assert "期限" not in text, "the term is the freeze's"


async def test_what_two_sheets_let_go_is_on_two_papers(given: Given, tmp_path: Path) -> None:
    first, second = numbered(2)
    case_id = await _stopped(given, first, second)
    law = "刑事诉讼法第一百四十五条、反诈规程第九条"
    for name, account in (("R-01", first), ("R-02", second)):
        sheet = given.sheet(case_id, (account, 700), name=name, kind=SheetKind.RELEASE, quorum=[Role.DUTY_CHIEF])
        await given.approved(sheet.model_copy(update={"basis": law}))
    await opened(given, case_id, *(_on(lift(one, "decision"), f"R-0{no}") for no, one in enumerate((first, second), 1)))
    papers = await issued(given, case_id, PaperKind.LIFT)
    assert [(one.sheet, one.accounts) for one in papers] == [("R-01", 1), ("R-02", 1)]
    text = await words(given, papers[0], tmp_path)
    assert "批准层级审批（值班长）" in text
    assert law in text


async def test_a_no_lets_go_in_the_name_of_the_officers_on_duty_and_of_nobody_who_said_yes(
    given: Given, tmp_path: Path
) -> None:
    case_id = await _stopped(given, ref())
    sheet = given.sheet(case_id, (ref(), FROZEN))
    await given.register.keep_sheet(sheet)
    assert (await given.decide(sheet, SECOND_TOO)).accepted
    assert (await given.decide(sheet, COUNTY, Verdict.REJECT)).accepted
    await opened(given, case_id, _on(lift(ref(), "decision"), "F-01"))
    (paper,) = await issued(given, case_id, PaperKind.LIFT)
    assert paper.sheet == "F-01"
    text = await words(given, paper, tmp_path)
    assert (f"警号{HANDLING}" in text, f"警号{SECOND}" in text, f"警号{SECOND_TOO}" in text) == (True, True, False)
    assert "批准层级" not in text, "what was approved was not this"


async def test_a_finding_lets_go_without_a_sheet(given: Given, tmp_path: Path) -> None:
    case_id = await _stopped(given, ref())
    await opened(given, case_id, lift(ref(), "finding"))
    (paper,) = await issued(given, case_id, PaperKind.LIFT)
    assert paper.sheet == ""
    assert "批准层级" not in await words(given, paper, tmp_path)
