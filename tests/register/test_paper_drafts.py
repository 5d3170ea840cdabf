"""What an approver reads beforehand says what will be issued: how many notices about how many accounts."""

import threading
from pathlib import Path

import pytest

from adapters.papers import render
from domain.orders import AccountRef
from domain.papers import Paper
from domain.policy import Policy
from tests.papers.test_papers import text_of
from tests.register.given import ABC, Given, numbered, ref
from tests.workflows.paper_policy import POLICY


async def _drafts(given: Given, *accounts: AccountRef) -> list[bytes]:
    case_id = await given.case()
    await given.register.keep_sheet(given.sheet(case_id, *((one, 500) for one in accounts)), render)
    kept = (await given.register.sheet(case_id, "F-01")).sheet
    return [await given.register.kept_document(sha256) for sha256 in kept.documents]


async def test_a_draft_of_more_accounts_than_leave_together_says_that_it_is_issued_in_parts(
    given: Given, tmp_path: Path
) -> None:
    most = _most(POLICY)
    crowd, few = await _drafts(given, *numbered(most + 1), ref(institution=ABC.id))
    said = f"（签发时编定，超过{most}户的分份签发）"
    text = text_of(crowd, tmp_path)
    assert text.count(said) == 3, "on the first page and on both of its annex"
    assert "第3页共3页" in text
    assert "分份" not in text_of(few, tmp_path)


async def test_a_draft_of_as_many_as_leave_together_is_issued_as_one(given: Given, tmp_path: Path) -> None:
    (whole,) = await _drafts(given, *numbered(_most(POLICY)))
    assert "分份" not in text_of(whole, tmp_path)


async def test_drafts_are_made_beside_the_loop_before_the_case_is_locked(given: Given, sql) -> None:
    case_id = await given.case()
    seen: list[int] = []

    def at_work(paper: Paper) -> bytes:
        sql.execute("SELECT 1 FROM cases FOR UPDATE NOWAIT")  # raises where somebody holds the case
        seen.append(threading.get_ident())
        return render(paper)

    await given.register.keep_sheet(given.sheet(case_id, (ref(), 500), (ref(institution=ABC.id), 300)), at_work)
    assert len((await given.register.sheet(case_id, "F-01")).sheet.documents) == 2
    assert len(seen) == 2
    assert threading.get_ident() not in seen


async def test_no_drafts_are_kept_of_a_case_that_is_unknown(given: Given, sql) -> None:
    with pytest.raises(LookupError):
        await given.register.keep_sheet(given.sheet("c-none", (ref(), 500)), render)
    assert sql.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def _most(policy: Policy) -> int:
    return policy.lanes.batch_most
