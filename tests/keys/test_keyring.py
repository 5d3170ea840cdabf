"""The key ring: what is sealed opens only with its key and its purpose; rotation loses nothing."""

import base64

import pytest
from pydantic import SecretStr

from adapters.keyring import CannotOpenError, KeyRing, KeyRingError
from adapters.settings import Settings


def _settings(tmp_path):
    return Settings(state_dir=tmp_path)


def test_what_is_sealed_opens_with_the_same_purpose_only():
    ring = KeyRing.of_one_key()
    sealed = ring.seal("冻结".encode(), b"case a")
    assert ring.open(sealed.key_id, sealed.blob, b"case a").decode() == "冻结"
    with pytest.raises(CannotOpenError):
        ring.open(sealed.key_id, sealed.blob, b"case b")


@pytest.mark.parametrize("change", ["flip", "cut", "empty"])
def test_changed_bytes_do_not_open(change):
    ring = KeyRing.of_one_key()
    sealed = ring.seal(b"x" * 40, b"")
    blob = {"flip": sealed.blob[:-1] + bytes([sealed.blob[-1] ^ 1]), "cut": sealed.blob[:20], "empty": b""}[change]
    with pytest.raises(CannotOpenError):
        ring.open(sealed.key_id, blob, b"")


def test_another_rings_seal_does_not_open():
    sealed = KeyRing.of_one_key().seal(b"x", b"")
    with pytest.raises(CannotOpenError):
        KeyRing.of_one_key().open(sealed.key_id, sealed.blob, b"")


def test_a_mark_is_only_for_its_content():
    ring = KeyRing.of_one_key()
    mark = ring.sign(b"approve F-01")
    assert ring.signed(b"approve F-01", mark)
    assert not ring.signed(b"approve F-02", mark)
    assert not ring.signed(b"approve F-01", "k9:" + mark.partition(":")[2])
    assert not KeyRing.of_one_key().signed(b"approve F-01", mark)


def test_the_file_is_made_once_and_is_nobody_elses_to_read(tmp_path):
    first = KeyRing.load_or_make(_settings(tmp_path))
    path = tmp_path / "keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    again = KeyRing.load_or_make(_settings(tmp_path))
    sealed = first.seal(b"x", b"")
    assert again.open(sealed.key_id, sealed.blob, b"") == b"x"


def test_a_rotation_reaches_a_ring_that_is_open_and_old_seals_still_open(tmp_path):
    running = KeyRing.load_or_make(_settings(tmp_path))
    before = running.seal(b"old", b"")
    operator = KeyRing.load(_settings(tmp_path))
    operator.add()
    operator.retire(before.key_id)
    after = operator.seal(b"new", b"")
    assert after.key_id != before.key_id
    assert running.open(after.key_id, after.blob, b"") == b"new"
    assert running.open(before.key_id, before.blob, b"") == b"old"
    assert running.seal(b"y", b"").key_id == after.key_id


def test_the_last_sealing_key_is_not_retired(tmp_path):
    ring = KeyRing.load_or_make(_settings(tmp_path))
    with pytest.raises(KeyRingError, match="last one"):
        ring.retire(ring.keys[0].id)


def test_a_file_others_can_read_is_refused(tmp_path):
    KeyRing.load_or_make(_settings(tmp_path))
    (tmp_path / "keys.json").chmod(0o644)
    with pytest.raises(KeyRingError, match="chmod 600"):
        KeyRing.load(_settings(tmp_path))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": []}', '{"keys": [{"id": "k1", "made": "2026-01-01T00:00:00Z", "secret": "c2hvcnQ="}]}']
)
def test_keys_that_cannot_be_used_are_named_without_their_value(tmp_path, text):
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyRingError) as told:
        KeyRing.load(_settings(tmp_path))
    assert "c2hvcnQ" not in str(told.value)


def test_keys_come_from_the_environment_and_go_on_to_children(tmp_path):
    secret = base64.b64encode(bytes(32)).decode()
    text = f'{{"keys": [{{"id": "k7", "made": "2026-01-01T00:00:00Z", "secret": "{secret}"}}]}}'
    settings = Settings(state_dir=tmp_path, keys=SecretStr(text))
    assert KeyRing.load(settings).seal(b"x", b"").key_id == "k7"
    assert settings.environ()["HOLDFAST_KEYS"] == text
    assert secret not in repr(settings)
    with pytest.raises(KeyRingError, match="HOLDFAST_KEYS"):
        KeyRing.load(settings).add()
