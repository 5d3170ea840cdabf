"""Notices by HTTP: one POST a letter, few at a time, and what came of each. Channels differ in words only."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from activities.notice_ports import Carried
from domain.notices import NoticeChannel, NoticeLetter

SECONDS = 5.0
"""For one letter: the next station is asked to take it, not to read it."""
AT_ONCE = 8

Written = Callable[[NoticeLetter], Mapping[str, Any]]
"""A letter as JSON."""


class HttpChannel:
    """Fills NoticePort: posts letters to one address, each with its key in the header `Idempotency-Key`.

    Credentials may stand in the address, and are in no log of ours.
    """

    def __init__(
        self, channel: NoticeChannel, url: str, written: Written, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.channel = channel
        self._url, self._written = url, written
        self._client = httpx.AsyncClient(timeout=SECONDS, transport=transport, follow_redirects=False, trust_env=False)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """See NoticePort."""
        return list(await asyncio.gather(*(self._post(letter) for letter in letters)))

    async def _post(self, letter: NoticeLetter) -> Carried:
        async with self._room:
            try:
                answer = await self._client.post(
                    self._url, json=self._written(letter), headers={"Idempotency-Key": letter.key}
                )
            except httpx.TimeoutException:
                return Carried(failed="timeout")
            except httpx.HTTPError:
                return Carried(failed="unreachable")
        return Carried() if answer.is_success else Carried(failed=f"refused {answer.status_code}")

    async def aclose(self) -> None:
        """See NoticePort."""
        await self._client.aclose()
