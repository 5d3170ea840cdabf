"""Reports come in at their moments, also when the clock jumps and when the register is away for a while."""

import asyncio
import time
from datetime import UTC, datetime

from adapters.drill.clock import DrillClock
from adapters.drill.filing import Filing
from adapters.register import RegisterError
from domain.report import Receipt
from tests.tries import tries_within


class Desk:
    """An intake that notes when each report came, and fails as often as told."""

    def __init__(self, failures=0):
        self.failures, self.came = failures, {}

    async def file(self, report):
        if self.failures:
            self.failures -= 1
            raise RegisterError("away")
        self.came[report.source_ref] = time.time()
        name = report.source_ref
        return Receipt(case_id=name, case_number=name, workflow_id=name, standing="new", received_at=datetime.now(UTC))


def three(scenario, *seconds):
    first = scenario.reports[0]
    reports = [first.model_copy(update={"id": f"r{at}", "at_s": at}) for at in seconds]
    return scenario.model_copy(update={"reports": tuple(reports)})


async def test_each_report_is_filed_at_its_own_moment(scenario):
    scenario = three(scenario, 1080, 1086, 1092)
    for one in tries_within(0.05):
        t0 = time.time()
        desk = Desk()
        filing = Filing(scenario, DrillClock(t0, 1080, 60), desk)
        await filing.all()
        assert list(desk.came) == ["r1080", "r1086", "r1092"]
        late = [came - t0 - planned for came, planned in zip(desk.came.values(), (0.0, 0.1, 0.2), strict=True)]
        assert min(late) > -0.01, "before its moment"
        assert filing.next_s is None
        one.took_s = max(late)


async def test_a_jump_brings_the_next_report_forward(scenario):
    scenario = three(scenario, 1080, 100_000)
    desk = Desk()
    filing = Filing(scenario, DrillClock(time.time(), 1080, 60), desk)
    filed = asyncio.create_task(filing.all())
    await asyncio.sleep(0.05)
    assert filing.next_s == 100_000
    filing.clock.jumped(100_000)
    filing.jumped()
    await asyncio.wait_for(filed, 20)
    assert set(desk.came) == {"r1080", "r100000"}


async def test_a_report_is_not_lost_while_the_register_is_away(scenario, monkeypatch):
    monkeypatch.setattr("adapters.drill.filing._AGAIN_S", 0.01)
    desk = Desk(failures=3)
    filing = Filing(three(scenario, 1080), DrillClock(time.time(), 1080, 60), desk)
    await filing.all()
    assert filing.receipts["r1080"].case_id == "r1080"
