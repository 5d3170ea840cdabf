"""Sessions of officers who logged in, and how often somebody may try. In memory: a restart logs everybody out."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from adapters.http.codec.doorkeeper import Admitted
from domain.frozen import Frozen
from domain.policy import LoginRules

COOKIE = "holdfast_codec"
MOST_NUMBERS = 10_000
"""So many numbers' wrong tries are remembered; who tries more numbers than the centre has officers is guessing."""


def utc_now() -> datetime:
    """The clock, unless a test brings another."""
    return datetime.now(UTC)


Now = Callable[[], datetime]


class Session(Frozen):
    """One officer's session. `ends` in UTC."""

    admitted: Admitted
    ends: datetime


class Sessions:
    """Who is logged in, by a random token."""

    def __init__(self, term: timedelta, now: Now = utc_now) -> None:
        """`term`: how long a login lasts (policy `sealing.session_minutes`)."""
        self.term = term
        self._now = now
        self._by_token: dict[str, Session] = {}

    def open(self, admitted: Admitted) -> str:
        """A new session's token."""
        now = self._now()
        self._by_token = {token: one for token, one in self._by_token.items() if one.ends > now}
        token = secrets.token_urlsafe(32)
        self._by_token[token] = Session(admitted=admitted, ends=now + self.term)
        return token

    def of(self, token: str | None) -> Admitted | None:
        """Whose session this is; None when there is none, or it is over."""
        session = self._by_token.get(token or "")
        return session.admitted if session is not None and session.ends > self._now() else None

    def close(self, token: str | None) -> None:
        """Log out."""
        self._by_token.pop(token or "", None)


class Tries:
    """Wrong codes for each number, right or not in the register."""

    def __init__(self, rules: LoginRules, now: Now = utc_now) -> None:
        self.rules = rules
        self._now = now
        self._wrong: dict[str, list[datetime]] = {}

    def must_wait(self, officer: str) -> bool:
        """Whether this number was tried too often just now."""
        since = self._now() - timedelta(minutes=self.rules.within_minutes)
        return len([at for at in self._wrong.get(officer, ()) if at > since]) >= self.rules.wrong_codes

    def note_wrong(self, officer: str) -> None:
        """One more."""
        if officer not in self._wrong and len(self._wrong) >= MOST_NUMBERS:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[officer] = [*self._wrong.get(officer, ())[-self.rules.wrong_codes :], self._now()]

    def note_right(self, officer: str) -> None:
        """Forget the wrong ones."""
        self._wrong.pop(officer, None)
