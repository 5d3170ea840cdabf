"""Each request is written as docs/wire.md lists it, element by element; what does not fit is refused by name."""

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.banks.requests import WIDTHS, message
from domain.clock import from_platform_time, platform_time
from domain.money import fen_of, yuan_text
from domain.orders import AccountKind, AccountRef, FourElements, Measure, OfficerCard, Order
from tests.banks.orders import ACCOUNT, BANK, CENTRE, EVIDENCE, PAPER, order

SERIAL = "320299000000_000000000000" + "5" * 28
REASON = "侦办电信网络新型违法犯罪案件"
NUMBER = "锡公（反诈）止付字〔2026〕000123号"


def tail(kind: str) -> str:
    return (
        "<ApplicationTime>20261122030405</ApplicationTime>"
        "<ApplicationOrgID>320299000000</ApplicationOrgID>"
        "<ApplicationOrgName>无锡市反电信网络诈骗中心</ApplicationOrgName>"
        "<Operator><IDType>08</IDType><IDNumber>032001</IDNumber><Name>张测试</Name>"
        "<PhoneNumber>0510-81234567</PhoneNumber></Operator>"
        "<Investigator><IDType>08</IDType><IDNumber>032002</IDNumber><Name>李测试</Name></Investigator>"
        f"<Attachments><Attachment><Filename>{NUMBER}.pdf</Filename><Kind>{kind}</Kind>"
        f"<Content>{base64.b64encode(PAPER).decode()}</Content></Attachment></Attachments>"
    )


CASE = (
    "<CaseNumber>A2026-000123</CaseNumber><CaseType>冒充公检法及政府机关</CaseType><EmergencyLevel>02</EmergencyLevel>"
)
BANK_AND_ACCOUNT = (
    "<BankID>105302000015</BankID><BankName>中国建设银行</BankName>"
    "<AccountName>测试丙0002</AccountName><AccountNumber>6217006479174874408</AccountNumber>"
)
GOLDEN = {
    Measure.STOP: (
        "100101",
        "03",
        "<ApplicationType>00</ApplicationType><OriginalApplicationID></OriginalApplicationID>"
        + CASE
        + "<TransferOutBankID>102302000011</TransferOutBankID><TransferOutBankName></TransferOutBankName>"
        "<TransferOutAccountName>测试乙0001</TransferOutAccountName>"
        "<TransferOutAccountNumber>6222029511307277894</TransferOutAccountNumber>"
        "<Currency>CNY</Currency><TransferAmount>49380.00</TransferAmount><TransferTime>20261122024205</TransferTime>"
        "<BankID>105302000015</BankID><BankName>中国建设银行</BankName><AccountType>01</AccountType>"
        "<AccountName>测试丙0002</AccountName><AccountNumber>6217006479174874408</AccountNumber>"
        f"<Reason>{REASON}</Reason><Remark>{NUMBER}</Remark>"
        "<StartTime>20261122030405</StartTime><ExpireTime></ExpireTime>",
    ),
    Measure.LIFT: (
        "100103",
        "03",
        f"<OriginalApplicationID>0101{'7' * 32}</OriginalApplicationID><CaseNumber>A2026-000123</CaseNumber>"
        + BANK_AND_ACCOUNT
        + f"<Reason>{REASON}</Reason><WithdrawalRemark>{NUMBER}</WithdrawalRemark>",
    ),
    Measure.EXTEND_STOP: (
        "100105",
        "03",
        f"<OriginalApplicationID>0101{'7' * 32}</OriginalApplicationID><CaseNumber>A2026-000123</CaseNumber>"
        + BANK_AND_ACCOUNT
        + "<PostponeStartTime>20261122030405</PostponeStartTime><ExpireTime></ExpireTime>"
        f"<ExtendRemark>{NUMBER}</ExtendRemark>",
    ),
    Measure.FREEZE: (
        "100201",
        "02",
        "<ApplicationType>00</ApplicationType><OriginalApplicationID></OriginalApplicationID>"
        + CASE
        + "<BankID>105302000015</BankID><BankName>中国建设银行</BankName><AccountType>01</AccountType>"
        "<AccountName>测试丙0002</AccountName><AccountNumber>6217006479174874408</AccountNumber>"
        "<IDType></IDType><IDNumber></IDNumber><FreezeType>01</FreezeType><Balance>50000.01</Balance>"
        "<Currency>CNY</Currency><FreezeStartTime>20261122030405</FreezeStartTime>"
        f"<ExpireTime>20261123030405</ExpireTime><Reason>{REASON}</Reason><Remark>{NUMBER}</Remark>",
    ),
    Measure.UNFREEZE: (
        "100203",
        "02",
        f"<OriginalApplicationID>0101{'7' * 32}</OriginalApplicationID><CaseNumber>A2026-000123</CaseNumber>"
        + BANK_AND_ACCOUNT
        + f"<Reason>{REASON}</Reason><WithdrawalRemark>{NUMBER}</WithdrawalRemark>",
    ),
    Measure.RENEW: (
        "100205",
        "02",
        f"<OriginalApplicationID>0101{'7' * 32}</OriginalApplicationID><CaseNumber>A2026-000123</CaseNumber>"
        + BANK_AND_ACCOUNT
        + "<PostponeStartTime>20261122030405</PostponeStartTime><ExpireTime>20261123030405</ExpireTime>"
        f"<ExtendRemark>{NUMBER}</ExtendRemark>",
    ),
    Measure.QUERY: (
        "100301",
        "05",
        CASE
        + "<SubjectType>1</SubjectType>"
        + BANK_AND_ACCOUNT
        + "<InquiryMode>03</InquiryMode><InquiryPeriodStart>20261119030405</InquiryPeriodStart>"
        "<InquiryPeriodEnd>20261123030405</InquiryPeriodEnd><FeedbackLimit>1</FeedbackLimit>"
        f"<Reason>{REASON}</Reason><Remark>{NUMBER}</Remark>",
    ),
    Measure.HOLDER: (
        "100303",
        "05",
        CASE
        + "<SubjectType>1</SubjectType>"
        + BANK_AND_ACCOUNT
        + f"<Reason>{REASON}</Reason><Remark>{NUMBER}</Remark>",
    ),
}


@pytest.mark.parametrize("measure", GOLDEN, ids=str)
def test_each_request_is_the_wires_text(measure: Measure):
    asked = order(measure)
    code, kind, own = GOLDEN[measure]
    assert message(asked, CENTRE, SERIAL, PAPER).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        f"<Head><Mode>01</Mode><To>105302000015</To><TxCode>{code}</TxCode>"
        f"<TransSerialNumber>{SERIAL}</TransSerialNumber></Head>"
        f"<Body><ApplicationID>{asked.application_id}</ApplicationID>{own}{tail(kind)}</Body></Response>"
    )


def test_a_company_and_a_whole_freeze_are_said_in_codes():
    company = ACCOUNT.model_copy(update={"kind": AccountKind.CORPORATE})
    freeze = message(order(Measure.FREEZE, account=company, amount_fen=None), CENTRE, SERIAL, PAPER).decode()
    assert "<AccountType>02</AccountType>" in freeze
    assert "<FreezeType>02</FreezeType><Balance></Balance>" in freeze
    assert (
        "<SubjectType>2</SubjectType>" in message(order(Measure.QUERY, account=company), CENTRE, SERIAL, PAPER).decode()
    )


def account(**changes: str) -> AccountRef:
    return ACCOUNT.model_copy(update=changes)


def evidence(**changes: object) -> FourElements:
    return EVIDENCE.model_copy(update=changes)


TOO_WIDE = [
    ("AccountName", {"account": account(name="名" * 121)}),
    ("AccountNumber", {"account": account(number="6" * 51)}),
    ("TransferOutAccountName", {"evidence": evidence(payer_name="名" * 101)}),
    ("TransferOutAccountNumber", {"evidence": evidence(payer_number="6" * 31)}),
    ("TransferOutBankID", {"evidence": evidence(payer_institution="1" * 13)}),
    ("TransferAmount", {"evidence": evidence(amount_fen=10**17)}),
    ("BankName", {"institution_name": "行" * 151}),
    ("CaseNumber", {"case_number": "A" * 61}),
    ("CaseType", {"category": "类" * 201}),
    ("ApplicationID", {"application_id": "0101" + "1" * 31}),
    ("ApplicationID", {"application_id": "0101" + "1" * 33}),
    ("Name", {"second": OfficerCard(number="032002", name="李" * 121)}),
    ("PhoneNumber", {"handling": OfficerCard(number="032001", name="张", phone="1" * 31)}),
    ("Filename", {"paper_number": "字" * 197}),
]


@pytest.mark.parametrize(("field", "changes"), TOO_WIDE)
def test_a_value_wider_than_its_field_is_refused_by_name(field: str, changes: dict[str, object]):
    with pytest.raises(ValueError, match=f"^{field}: ") as refused:
        message(order(Measure.STOP, **changes), CENTRE, SERIAL, PAPER)
    assert "名名" not in str(refused.value)


INCOMPLETE = [
    ("AccountNumber", Measure.STOP, {"account": None}),
    ("TransferAmount", Measure.STOP, {"evidence": None}),
    ("TransferAmount", Measure.STOP, {"evidence": evidence(amount_fen=0)}),
    ("OriginalApplicationID", Measure.LIFT, {"original": ""}),
    ("OriginalApplicationID", Measure.RENEW, {"original": ""}),
    ("ExpireTime", Measure.RENEW, {"until": None}),
    ("ExpireTime", Measure.FREEZE, {"until": None}),
    ("Balance", Measure.FREEZE, {"amount_fen": 0}),
    ("InquiryPeriodStart", Measure.QUERY, {"since": None}),
    ("BankID", Measure.QUERY, {"institution": "102302000011"}),
    ("Investigator", Measure.STOP, {"second": OfficerCard(number="032001", name="同一人")}),
    ("Investigator", Measure.STOP, {"second": OfficerCard(number="", name="无警号")}),
    ("AccountName", Measure.STOP, {"account": account(name="换页\x0c")}),
    ("AccountName", Measure.STOP, {"account": account(name="半个\ud800")}),
    ("measure", Measure.CLOSE_NUMBER, {}),
]


@pytest.mark.parametrize(("field", "measure", "changes"), INCOMPLETE)
def test_an_order_that_no_bank_could_obey_is_refused_by_the_fields_name(
    field: str, measure: Measure, changes: dict[str, object]
):
    with pytest.raises(ValueError, match=f"^{field}: "):
        message(order(measure, **changes), CENTRE, SERIAL, PAPER)


@pytest.mark.parametrize("paper", [b"", b"<html>", PAPER + b"x", b"%PDF" + bytes(1024 * 1024)])
def test_only_the_document_that_the_order_names_goes_with_it(paper: bytes):
    with pytest.raises(ValueError, match=r"^Content: "):
        message(order(Measure.STOP), CENTRE, SERIAL, paper)


def test_identifiers_are_filled_up_on_the_right():
    short = message(order(Measure.STOP, evidence=evidence(payer_institution="Z9")), CENTRE, SERIAL, PAPER).decode()
    assert "<TransferOutBankID>Z9          </TransferOutBankID>" in short


XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"),
    max_size=100,
)


@given(name=XML_TEXT, payer=XML_TEXT, category=XML_TEXT, blank=st.sampled_from(["", "\n", "\r", "\t", "\r\n"]))
def test_whatever_fits_arrives_as_it_was(name: str, payer: str, category: str, blank: str):
    asked = order(
        Measure.STOP, account=account(name=name + blank), evidence=evidence(payer_name=payer), category=category
    )
    body = etree.fromstring(message(asked, CENTRE, SERIAL, PAPER)).find("Body")
    assert body is not None
    assert (body.findtext("AccountName"), body.findtext("TransferOutAccountName")) == (name + blank, payer)
    assert body.findtext("CaseType") == category
    assert base64.b64decode(body.findtext("Attachments/Attachment/Content") or "") == PAPER


@given(
    measure=st.sampled_from(sorted(GOLDEN)),
    name=st.text(max_size=130),
    number=st.text(max_size=60),
    phone=st.text(max_size=40),
    original=st.text(max_size=40),
)
def test_no_field_is_ever_wider_than_it_may_be(measure: Measure, name: str, number: str, phone: str, original: str):
    asked = order(
        measure,
        account=AccountRef(institution=BANK, number=number, name=name),
        handling=OfficerCard(number="032001", name=name, phone=phone),
        original=original,
    )
    try:
        written = message(asked, CENTRE, SERIAL, PAPER)
    except ValueError as refused:
        assert re.match(r"^[A-Z][A-Za-z]+: ", str(refused))  # noqa: PT017 - either outcome is right
        return
    for element in etree.fromstring(written).iter():
        assert len(element.text or "") <= WIDTHS.get(str(element.tag), 10_000)


@given(st.integers(0, 10**17 - 1))
def test_money_goes_there_and_back(fen: int):
    assert re.fullmatch(r"\d+\.\d\d", yuan_text(fen))
    assert fen_of(yuan_text(fen)) == fen


@given(st.datetimes(datetime(1990, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_times_go_there_and_back_in_chinas_time(moment: datetime):
    text = platform_time(moment)
    assert from_platform_time(text) == moment.replace(microsecond=0)
    assert int(text[8:10]) == (moment.hour + 8) % 24


def test_the_same_order_gives_the_same_bytes():
    again = Order.model_validate_json(order(Measure.STOP).model_dump_json())
    assert message(order(Measure.STOP), CENTRE, SERIAL, PAPER) == message(again, CENTRE, SERIAL, PAPER)
