"""The SMS gateway: short messages to duty telephones. It knows them by role, so that no number leaves here."""

from collections.abc import Mapping
from typing import Any

import httpx

from adapters.notices.http import HttpChannel
from domain.notices import NoticeChannel, NoticeLetter


def sms_gateway(url: str, transport: httpx.AsyncBaseTransport | None = None) -> HttpChannel:
    """The gateway at this address."""
    return HttpChannel(NoticeChannel.SMS, url, _written, transport)


def _written(letter: NoticeLetter) -> Mapping[str, Any]:
    return {"key": letter.key, "to": letter.to, "text": letter.text}
