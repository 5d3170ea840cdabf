"""Masking never raises and never lets a long number or a person through, wherever it stands."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from adapters.http.codec.masking import masked
from adapters.http.codec.sight import SIGHT, Sight, sight_of
from domain.officers import Role

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def shown(value):
    payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())
    return json.loads(masked(payload).data)


@given(VALUES)
def test_no_text_holds_a_long_number_afterwards(value):
    def texts(one):
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            for key, inner in one.items():
                yield key
                yield from texts(inner)
        elif isinstance(one, list):
            for inner in one:
                yield from texts(inner)

    assert not [text for text in texts(shown(value)) if re.search(r"\d{7}", text)]


@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=20), max_size=3), st.binary(max_size=100))
def test_whatever_the_payload_masking_answers(metadata, data):
    assert masked(Payload(metadata=metadata, data=data)).metadata


def test_an_account_typed_as_a_number_is_masked_and_an_amount_is_not():
    assert shown({"number": 6217006479174874408, "held_fen": 4_938_000_00}) == {
        "number": "•••4408",
        "held_fen": 4_938_000_00,
    }


def test_every_role_has_its_sight_and_the_widest_counts():
    assert set(SIGHT) == set(Role)
    assert sight_of([Role.ADMINISTRATOR]) is Sight.MASKED
    assert sight_of([Role.ADMINISTRATOR, Role.DUTY_CHIEF]) is Sight.WHOLE
    assert sight_of([]) is None
