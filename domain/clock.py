"""UTC inside, China Standard Time for people and for the platform's messages."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

CST = timezone(timedelta(hours=8), "CST")  # China has one zone and no summer time: no tz database is needed
_PLATFORM = "%Y%m%d%H%M%S"
_DIGITS = re.compile(r"[0-9]{14}")


def platform_time(moment: datetime) -> str:
    """`yyyyMMddHHmmss` in China Standard Time (rules section 5)."""
    return moment.astimezone(CST).strftime(_PLATFORM)


def from_platform_time(text: str) -> datetime:
    """The UTC moment of a platform time. Raises ValueError on any other form."""
    try:
        if _DIGITS.fullmatch(text):
            return datetime.strptime(text, _PLATFORM).replace(tzinfo=CST).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # no such day or hour, or one before the calendar begins
    raise ValueError("not a platform time: fourteen digits yyyyMMddHHmmss are expected")


def shown_time(moment: datetime) -> str:
    """For people, in China Standard Time: "11-22 03:04:05"."""
    return moment.astimezone(CST).strftime("%m-%d %H:%M:%S")


def shown_clock(moment: datetime) -> str:
    """For people, minutes are enough: "11-22 03:04"."""
    return moment.astimezone(CST).strftime("%m-%d %H:%M")


def months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months later, the month's last day where there is none (terms of freezes, rules F2)."""
    years, month = divmod(moment.month - 1 + months, 12)
    last = monthrange(moment.year + years, month + 1)[1]
    return moment.replace(year=moment.year + years, month=month + 1, day=min(moment.day, last))
