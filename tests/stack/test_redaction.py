"""Canaries: invented personal data sent through every door of the log, and searched for behind it."""

import io
import json
import logging
import sys
import warnings

import pytest
import structlog
from pydantic import BaseModel, field_validator

from adapters import logs
from adapters.redaction import mask
from adapters.settings import LogLevel

CARD = "6222021234567890123"
PHONE = "13800138000"
IDENTITY = "32020019900101123X"
NAME = "王小明"
CANARIES = (CARD, PHONE, "32020019900101123", NAME, "1380013", "1234567890")


class Transfer(BaseModel):
    payee: str
    amount_fen: int

    @field_validator("payee")
    @classmethod
    def refuse(cls, value):
        raise ValueError(f"{value} is nobody")


@pytest.fixture
def stream():
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook)
    text = io.StringIO()
    logs.configure(LogLevel.INFO, process="test", stream=text)
    yield text
    root.handlers[:], sys.excepthook = before[0], before[2]
    root.setLevel(before[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def written(stream):
    text = stream.getvalue()
    for canary in CANARIES:
        assert canary not in text, text
    return [json.loads(line) for line in text.splitlines()]


def test_account_phone_and_identity_numbers_are_masked_in_any_value(stream):
    log = structlog.get_logger()
    log.info("stop %s", CARD, note=PHONE, nested={"list": [IDENTITY, {"deep": int(PHONE)}], CARD: 1}, raw=int(CARD))
    log.info("grouped", a="6222 0212 3456 7890 123", b="138-0013-8000", c="１３８００１３８０００", account_id=CARD)
    line, grouped = written(stream)
    assert line["event"] == "stop [19 digits]"
    assert line["note"] == "[11 digits]"
    assert line["raw"] == "[19 digits]"
    assert (grouped["a"], grouped["b"], grouped["c"]) == ("[19 digits]", "[11 digits]", "[11 digits]")
    assert grouped["account_id"] == "[19 digits]"


def test_what_stands_under_a_personal_key_is_withheld(stream):
    structlog.get_logger().info("x", victim_name=NAME, victim={"name": NAME}, phone="555", account_name=NAME, text=NAME)
    (line,) = written(stream)
    assert {line[key] for key in ("victim_name", "victim", "phone", "account_name", "text")} == {"[withheld]"}


def test_ids_amounts_times_and_ports_stay_readable(stream):
    facts = {
        "application_id": "0101" + "1234567" * 4 + "8901",
        "case_id": "c-1234567812345678",
        "workflow_id": "case/c-1234567812345678/verification/2",
        "run_id": "01a2038b-02b4-7d02-8170-998112345678",
        "case_number": "A2026-000123",
        "institution": "102100000017",
        "amount_fen": 49_380_000,
        "took_ms": 12_345_678,
        "port": 17_233,
        "day": "2026-11-22T13:42:19.123456Z",
        "ui_url": "http://127.0.0.1:18233",
    }
    structlog.get_logger().info("x", **facts)
    (line,) = (json.loads(row) for row in stream.getvalue().splitlines())
    assert {key: line[key] for key in facts} == facts
    assert line["timestamp"].endswith("Z")


def test_an_institution_key_is_no_hiding_place_for_an_account(stream):
    structlog.get_logger().info("x", institution=CARD, application_id=CARD, case_id=CARD)
    written(stream)


def test_errors_lose_the_input_they_quote_and_keep_type_and_place(stream):
    try:
        try:
            Transfer.model_validate({"payee": NAME, "amount_fen": NAME})
        except ValueError as inner:
            raise RuntimeError(f"bad transfer: {inner}") from inner
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("temporalio.worker").exception("dropping the signal")
    for line in written(stream):
        assert "payee: value_error; amount_fen: int_parsing" in line["exception"]
        assert "RuntimeError" in line["exception"]
        assert "test_redaction.py" in line["exception"]


@pytest.mark.parametrize(
    "text",
    [
        f"duplicate key value\nDETAIL:  Key (holder)=({NAME}) already exists.",
        f"new row violates check\nDETAIL:  Failing row contains (1, {NAME}, null).",
        f"insert failed\n[SQL: insert into x]\n[parameters: {{'name': '{NAME}'}}]\n(Background on this error)",
        f"1 validation error for R\npayee\n  Input should be [type=x, input_value='{NAME}', input_type=str]",
    ],
)
def test_rows_and_parameters_quoted_by_libraries_are_cut(text):
    assert NAME not in mask(text)


def test_objects_are_named_not_printed(stream):
    class Holder:
        def __repr__(self):
            return NAME

    structlog.get_logger().info("x", it=Holder(), model=Transfer.model_construct(payee=NAME, amount_fen=1))
    (line,) = written(stream)
    assert (line["it"], line["model"]) == ("<Holder>", "<Transfer>")


def test_libraries_warnings_and_last_words_come_in_the_same_stream(stream):
    with logs.bound(case_id="c-00000000000000aa"):
        logging.getLogger("temporalio.activity").warning("activity %s", PHONE, extra={"temporal_activity": {"n": CARD}})
        structlog.get_logger().info("ours")
    warnings.warn(f"old {PHONE}", stacklevel=1)
    sys.excepthook(ValueError, ValueError(CARD), None)
    sdk, ours, warning, last = written(stream)
    assert sdk["event"] == "activity [11 digits]"
    assert sdk["case_id"] == ours["case_id"] == "c-00000000000000aa"
    assert warning["logger"] == "py.warnings"
    assert last["exception"] == "ValueError: [19 digits]"
    assert last["process"] == "test"
