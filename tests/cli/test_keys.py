"""`keys`: made, listed, rotated; no command shows a key."""

import json

from adapters.keyring import KeyRing
from adapters.settings import load


def said(done):
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_keys_are_added_listed_and_retired_and_never_shown(typed, tmp_path):
    first = said(typed("keys", "add", "--json"))
    assert first["seals"] is True
    second = said(typed("keys", "add", "--json"))
    assert second["id"] != first["id"]
    retired = said(typed("keys", "retire", first["id"], "--json"))
    assert retired["retired"] is not None
    listed = said(typed("keys", "list", "--json"))["keys"]
    assert [(one["id"], one["seals"]) for one in listed] == [(first["id"], False), (second["id"], True)]
    shown = typed("keys", "list").out
    ring = KeyRing.load(load({"HOLDFAST_STATE_DIR": str(tmp_path / "state")}))
    for key in ring.keys:
        assert key.id in shown
        for text in (shown, json.dumps([first, second, retired, listed])):
            assert key.secret.get_secret_value() not in text


def test_the_last_key_that_seals_stays(typed):
    key = said(typed("keys", "add", "--json"))
    refused = typed("keys", "retire", key["id"], "--json")
    assert refused.code == 2
    assert "last one that seals" in refused.complaint["error"]


def test_without_a_ring_the_sentence_says_how_to_make_one(typed):
    refused = typed("keys", "list", "--json")
    assert refused.code == 2
    assert "keys add" in refused.complaint["error"]
