"""A measure that nobody looks at any more ends in the register when its time is over."""

from tests.register.given import key, ref
from tests.worker.conftest import until


async def test_a_stop_whose_end_has_passed_holds_its_account_no_more(surroundings, given, sql):
    await given.duty()
    (stopped,) = await given.stopped(await given.case(), ref())
    standing = "SELECT application_id FROM measures WHERE ended_at IS NULL"
    assert sql.execute(standing).fetchall() == [(stopped.application_id,)]
    worker = await surroundings.worker(queues="cases")
    await until(lambda: not sql.execute(standing).fetchall() or not worker.runs, "the end of the stop")
    assert sql.execute("SELECT ended_by, ended_at = expires FROM measures").fetchall() == [("lapse", True)]
    assert sql.execute("SELECT stop_order FROM holds WHERE account = %s", [key(ref())]).fetchone() == (None,)
    assert await given.register.verify_all() == []
    assert await worker.told_to_end() == 0
