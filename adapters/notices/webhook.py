"""The webhook: a notice as JSON to an address of the centre's own choice (duty board, chat, dispatch)."""

from collections.abc import Mapping
from typing import Any

import httpx

from adapters.notices.http import HttpChannel
from domain.notices import NoticeChannel, NoticeLetter


def webhook(url: str, transport: httpx.AsyncBaseTransport | None = None) -> HttpChannel:
    """The webhook at this address."""
    return HttpChannel(NoticeChannel.WEBHOOK, url, _written, transport)


def _written(letter: NoticeLetter) -> Mapping[str, Any]:
    return letter.model_dump(mode="json")
