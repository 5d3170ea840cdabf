"""A scenario's reports, as victims file them."""

from datetime import UTC, datetime

import pytest

from adapters.drill.errors import RefusedError
from adapters.drill.reports import check_reports, report_of
from adapters.drill.scenario import Scenario, taken
from domain.orders import AccountKind
from domain.report import ReportKind


def changed(scenario: Scenario, **report):
    first = scenario.reports[0].model_copy(update=report)
    return scenario.model_copy(update={"reports": (first,)}), first


def test_a_report_names_its_transfer_by_bank_number_name_amount_and_bank_time(scenario, clock):
    filed = report_of(scenario, scenario.reports[0], clock)
    (transfer,) = filed.transfers
    assert (transfer.bank, transfer.number, transfer.name) == ("105302000015", "6217006479174874408", "测试丙0002")
    assert transfer.amount_fen == 4_938_000
    # the move at second 0, the first report at second 1080 = T0; a started second counts as that second
    assert transfer.time == datetime.fromtimestamp(1_700_000_000 - 1080, UTC)
    assert filed.victim.account == "6222029511307277894"
    assert filed.victim.bank == "102302000011"
    assert [(line.number, line.carrier) for line in filed.lines] == [("17044059130", "MVNO-1")]


def test_a_report_is_known_again_by_the_name_it_has_in_the_file(scenario, clock):
    assert report_of(scenario, scenario.reports[0], clock).identity == "drill:r001"


def test_the_victim_does_not_know_that_the_payee_is_a_company(raw, clock):
    raw["accounts"][1]["kind"] = "corporate"
    scenario = taken(raw)
    assert report_of(scenario, scenario.reports[0], clock).transfers[0].account_kind is AccountKind.PERSON


def test_a_report_without_a_transfer_is_an_attempt(scenario, clock):
    scenario, first = changed(scenario, moves=())
    filed = report_of(scenario, first, clock)
    assert filed.kind is ReportKind.ATTEMPT
    assert filed.loss_fen == 0


def test_a_number_no_carrier_of_the_file_knows_is_filed_without_one(scenario, clock):
    scenario, first = changed(scenario, lines=("13800000000",))
    assert report_of(scenario, first, clock).lines[0].carrier is None


def test_what_intake_would_refuse_is_refused_before_anything_starts_with_its_path(scenario):
    scenario, _ = changed(scenario, victim_phone="phone#1", category=" ")
    with pytest.raises(RefusedError) as refused:
        check_reports(scenario)
    assert [fault.path for fault in refused.value.faults] == ["reports[0].category", "reports[0].victim_phone"]
    assert "phone#1" not in str(refused.value)


def test_bank_time_is_stretched_only_before_the_first_report(clock):
    assert clock.bank_time(1080 + 120).timestamp() == 1_700_000_002
    assert clock.bank_time(1080 - 120).timestamp() == 1_700_000_000 - 120 + 0  # 0.7 s are cut off


def test_after_a_jump_the_moments_of_later_reports_come_sooner_and_bank_time_stays(clock):
    before = clock.bank_time(6000)
    clock.jumped(5000, real=1_700_000_010.0)
    assert clock.at(1_700_000_011.0) == 5060
    assert clock.real_of(5060) == pytest.approx(1_700_000_011.0)
    assert clock.bank_time(6000) == before
