"""No order leaves on a paper that is missing or changed, nor on drafts changed after their approval."""

import pytest

from adapters.register import Register
from tests.register.given import (
    RING,
    render,
    stop,
)
from tests.register.wire import ACCOUNT, Wire, freeze_of, opened_at

ONE_BYTE = "UPDATE documents SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1)"
"""What somebody with the database's password would do to a paper."""


async def test_an_order_whose_paper_was_changed_by_one_byte_does_not_leave(wire: Wire, sql) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    (stopping,) = await opened_at(wire, case_id, stop(ACCOUNT))
    await wire.given.approved(wire.given.sheet(case_id, (ACCOUNT, 700)))
    (freezing,) = await opened_at(wire, case_id, freeze_of(700))
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(ONE_BYTE)
    assert await wire.sends(stopping, freezing) == ["unproven", "unproven"]
    assert await wire.arrived() == []
    sql.execute(ONE_BYTE)
    assert await wire.sends(stopping, freezing) == ["100000", "100000"]


async def test_an_order_to_a_bank_without_a_paper_does_not_leave(wire: Wire, sql) -> None:
    """rules R12: each stop and query carries a legal document."""
    await wire.given.duty()
    (stopping,) = await opened_at(wire, await wire.given.case(), stop(ACCOUNT))
    sql.execute("ALTER TABLE orders DISABLE TRIGGER USER")
    sql.execute("UPDATE orders SET content = jsonb_set(content, '{paper}', 'null')")
    assert await wire.sends(stopping) == ["unproven"]
    assert await wire.arrived() == []


async def test_a_changed_paper_is_refused_where_the_letter_is_built_from_the_register(wire: Wire, url, sql) -> None:
    await wire.given.duty()
    (opened,) = await opened_at(wire, await wire.given.case(), stop(ACCOUNT))
    assert opened.order is not None
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(ONE_BYTE)
    other_worker = await Register.connect(url, ring=RING)
    changed = await other_worker.paper(opened.order.paper)
    await other_worker.close()
    with pytest.raises(ValueError, match="not the document that the order names"):
        wire.port.seal(opened.order, changed)
    assert await wire.arrived() == []


async def test_a_freeze_does_not_leave_on_drafts_changed_after_their_approval(wire: Wire, sql) -> None:
    await wire.given.duty()
    case_id = await wire.given.case()
    sheet = wire.given.sheet(case_id, (ACCOUNT, 700))
    await wire.given.register.keep_sheet(sheet, render)
    kept = (await wire.given.register.sheet(case_id, "F-01")).sheet
    await wire.given.approved(kept)
    (opened,) = await opened_at(wire, case_id, freeze_of(700))
    draft = {"sha256": kept.documents[0]}
    sql.execute("ALTER TABLE documents DISABLE TRIGGER USER")
    sql.execute(f"{ONE_BYTE} WHERE sha256 = %(sha256)s", draft)
    assert await wire.sends(opened) == ["unproven"]
    assert await wire.arrived() == []
    sql.execute(f"{ONE_BYTE} WHERE sha256 = %(sha256)s", draft)
    assert await wire.sends(opened) == ["100000"]
