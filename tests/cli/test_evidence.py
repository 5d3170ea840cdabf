"""What officers type at a command: number and code, sheets by short or full names, signatures of their own device."""

import io
import subprocess
from datetime import UTC, datetime

import pyotp
import pytest

from adapters.cli.deciding import _asked
from adapters.cli.evidence import fields_of, signatory, split_sheets
from adapters.cli.failures import CommandError
from adapters.cli.officers import _only_practice, _two
from adapters.devices import (
    UnusableKeyError,
    is_signed,
    new_secret,
    otpauth,
    private_key,
    public_key,
    public_part,
    signed,
)
from adapters.register.enrolling import Enrolled
from domain.evidence import SheetOnWord, Signature, Totp, decision_binding
from tests.register.given import ICBC

SIGNATURE = "Aq_-" * 21 + "Aq"


def test_an_officer_comes_with_a_code_or_a_signature_in_one_word_or_two():
    assert signatory("012345 493021").evidence == Totp(code="493021")
    assert signatory("012345", "493021") == signatory("012345 493021")
    assert fields_of(signatory("012345", SIGNATURE)) == {"officer": "012345", "signature": SIGNATURE}


@pytest.mark.parametrize(
    ("said", "code"),
    [("012345", ""), ("012345 12", ""), ("012345 493021", "493021"), ("somebody 493021", ""), ("", ""), ("1 2 3", "")],
)
def test_an_officer_without_a_code_is_told_what_to_type(said, code, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody at a terminal
    with pytest.raises(CommandError):
        signatory(said, code)


def test_sheets_are_named_short_or_in_full_and_approved_without_a_verdict():
    assert split_sheets(["A2026-000001", "f-01", "F-02"]) == ("A2026-000001", ["F-01", "F-02"])
    assert split_sheets(["A2026-000001/F-01", "A2026-000002/F-03"]) == ("", ["A2026-000001/F-01", "A2026-000002/F-03"])
    assert _asked(["c-1", "F-01", "reject"]) == ("c-1", ["F-01"], "reject")
    assert _asked(["c-1", "F-01"])[2] == "approve"
    for wrong in (["c-1"], ["approve"], ["c-1", "F-01", "maybe"], ["c-1", *(f"F-{no:02d}" for no in range(90))]):
        with pytest.raises(CommandError):
            _asked(wrong)


class _World:
    """A world whose register knows these institutions and devices."""

    run = "main"

    def __init__(self, *, practice: bool, by_two: bool = False):
        bank = ICBC.model_copy(update={"practice": practice})
        device = Enrolled(officer="012345", enrolled_at=datetime.now(UTC), by_two=by_two)
        self.register = self
        self._institutions, self._enrolments = [bank], [device]

    async def institutions(self):
        return self._institutions

    async def enrolments(self):
        return self._enrolments


async def test_codes_are_shown_of_practice_officers_in_practice_worlds_only():
    await _only_practice(_World(practice=True), "012345")  # type: ignore[arg-type]
    for world, number, why in (
        (_World(practice=False), "012345", "not practice"),
        (_World(practice=True, by_two=True), "012345", "own device"),
        (_World(practice=True), "012302", "own device"),
        (_World(practice=True), "099999", "own device"),
    ):
        with pytest.raises(CommandError, match=why):
            await _only_practice(world, number)  # type: ignore[arg-type]


def test_two_administrators_are_two_words():
    assert [one.officer for one in _two(["010001 493021", "010002 493022"])] == ["010001", "010002"]
    for wrong in ([], ["010001 493021"], ["010001 493021"] * 3):
        with pytest.raises(CommandError):
            _two(wrong)


def test_keys_made_with_openssl_sign_what_the_register_verifies(tmp_path):
    file = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(file)], check=True)
    public = subprocess.run(["openssl", "pkey", "-in", str(file), "-pubout"], check=True, capture_output=True).stdout
    text = decision_binding("012345", "approve", [SheetOnWord(name="A2026-000001/F-01", digest="d" * 64)]).text
    given = signed(private_key(file.read_bytes()), text)
    assert is_signed(public_part(public_key(public)), text, given)
    assert not is_signed(public_part(public_key(public)), text + " ", given)
    assert not is_signed(public_part(public_key(public)), text, Signature(value=SIGNATURE))
    with pytest.raises(UnusableKeyError):
        private_key(public)
    with pytest.raises(UnusableKeyError):
        public_key(b"junk")


def test_the_address_of_a_qr_code_is_one_that_authenticators_read():
    read = pyotp.parse_uri(otpauth(new_secret(), "012345", "main"))
    assert isinstance(read, pyotp.TOTP)
    assert (read.interval, read.digits, read.issuer) == (30, 6, "Holdfast")
