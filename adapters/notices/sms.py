"""The SMS gateway: short messages to duty telephones. It knows them by role, so that no number leaves here."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from activities.notice_ports import Carried
from adapters.notices.http import Poster
from domain.notices import NoticeChannel, NoticeLetter


class SmsGateway:
    """Fills NoticePort."""

    channel = NoticeChannel.SMS

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._poster = Poster(url, _written, transport)

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """See NoticePort."""
        return await self._poster.send(letters)

    async def aclose(self) -> None:
        """See NoticePort."""
        await self._poster.aclose()


def _written(letter: NoticeLetter) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    return {"key": letter.key, "to": letter.to, "text": letter.text}, {"Idempotency-Key": letter.key}
