"""The webhook: a notice as JSON to an address of the centre's own choice (duty board, chat, dispatch)."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from activities.notice_ports import Carried
from adapters.notices.http import Poster
from domain.notices import NoticeChannel, NoticeLetter


class Webhook:
    """Fills NoticePort. The letter's key is in the header `Idempotency-Key`."""

    channel = NoticeChannel.WEBHOOK

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._poster = Poster(url, _written, transport)

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """See NoticePort."""
        return await self._poster.send(letters)

    async def aclose(self) -> None:
        """See NoticePort."""
        await self._poster.aclose()


def _written(letter: NoticeLetter) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    return letter.model_dump(mode="json"), {"Idempotency-Key": letter.key}
