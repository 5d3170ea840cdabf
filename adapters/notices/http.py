"""What the webhook and the SMS gateway share: one POST a letter, few at a time, and what came of each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from activities.notice_ports import Carried
from domain.notices import NoticeLetter

SECONDS = 5.0
"""For one letter: the next station is asked to take it, not to read it."""
AT_ONCE = 8

Written = Callable[[NoticeLetter], tuple[Mapping[str, Any], Mapping[str, str]]]
"""A letter's JSON and headers."""


class Poster:
    """Posts letters to one address. Credentials may stand in the address, and are in no log of ours."""

    def __init__(self, url: str, written: Written, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._written = url, written
        self._client = httpx.AsyncClient(timeout=SECONDS, transport=transport, follow_redirects=False, trust_env=False)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, letters: Sequence[NoticeLetter]) -> list[Carried]:
        """One result a letter, in their order."""
        return list(await asyncio.gather(*(self._post(letter) for letter in letters)))

    async def _post(self, letter: NoticeLetter) -> Carried:
        body, headers = self._written(letter)
        async with self._room:
            try:
                answer = await self._client.post(self._url, json=body, headers=headers)
            except httpx.TimeoutException:
                return Carried(failed="timeout")
            except httpx.HTTPError:
                return Carried(failed="unreachable")
        return Carried() if answer.is_success else Carried(failed=f"refused {answer.status_code}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()
