"""A case taken up from the register, in a test's hands: what its next run would know, and ask for again."""

from activities.ports import Draft
from domain.case_start import CaseStart
from domain.errands import STEPS, Errand
from domain.findings import Finding
from domain.institutions import Directory
from domain.recall import OpenVisits
from tests.register.given import ABC, CARRIER, ICBC, NOW, Given, found_at, numbered, query, row, statement
from tests.workflows.builders import default_policy
from workflows.casework.packing import pack, unpack
from workflows.casework.taking_up import TakenUp, take_up

FIRST = numbered(1)[0]
"""The account the report names."""


async def taken_up(given: Given, case_id: str, visits: OpenVisits | None = None) -> TakenUp:
    row_ = await given.register.case(case_id)
    start = CaseStart(
        case_id=case_id,
        case_number=row_.case_number,
        received_at=row_.received_at,
        report=await given.register.report(case_id),
        policy=default_policy(),
        directory=Directory(institutions=(ICBC, ABC, CARRIER)),
        restarts=1,
    )
    taken = take_up(start, await given.register.recall(case_id), visits or OpenVisits(), NOW)
    assert unpack(pack(taken.state)) == taken.state
    return taken


async def asked_again(given: Given, case_id: str, errand: Errand) -> list[str]:
    """How the register stands to each step of an errand when it is asked for."""
    assert errand.account is not None
    standings = []
    for measure in STEPS[errand.kind]:
        draft = Draft(
            measure=measure,
            account=errand.account,
            evidence=errand.evidence,
            amount_fen=errand.amount_fen,
            sequence=errand.query_sequence if measure == "query" else errand.sequence,
            sheet=errand.sheet,
            cause=errand.cause,
        )
        standings.append((await given.open(case_id, draft))[0].standing)
    return standings


async def of_one_statement(given: Given, case_id: str, account=FIRST, amount_fen: int = 1_000_000) -> None:
    """Stopped and queried; its statement shows the reported transfer and nothing else."""
    await given.stopped(case_id, account)
    (asked,) = await given.open(case_id, query(account))
    rows = [row(1, amount_fen=amount_fen, balance_fen=amount_fen).model_copy(update={"at": NOW})]
    await given.answer(asked, statement=statement(rows, balance_fen=amount_fen))


async def found(given: Given, case_id: str, finding: Finding) -> None:
    assert (await given.register.keep_finding(found_at(case_id, FIRST, finding))).accepted
