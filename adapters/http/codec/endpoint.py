"""What the codec endpoint works with; its composition fills it in (adapters/http/codec/__main__.py)."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.http.codec.doorkeeper import Doorkeeper
from adapters.http.codec.recording import DecodeRecord
from adapters.http.codec.sessions import Now, Sessions, utc_now
from adapters.keyring import KeyRing
from domain.policy import LoginRules


@dataclass(frozen=True)
class Endpoint:
    """What the endpoint works with. `ui_origin`: whose pages may ask, looked up each time; None: nobody's."""

    ring: KeyRing
    doorkeeper: Doorkeeper
    record: DecodeRecord
    sessions: Sessions
    login: LoginRules
    ui_origin: Callable[[], str | None]
    now: Now = utc_now
