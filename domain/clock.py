"""UTC inside, China Standard Time for people and for the platform's messages."""

from datetime import UTC, datetime, timedelta, timezone

CST = timezone(timedelta(hours=8), "CST")  # China has one zone and no summer time: no tz database is needed
_PLATFORM = "%Y%m%d%H%M%S"


def platform_time(moment: datetime) -> str:
    """`yyyyMMddHHmmss` in China Standard Time (DOMAIN section 5)."""
    return moment.astimezone(CST).strftime(_PLATFORM)


def from_platform_time(text: str) -> datetime:
    """The UTC moment of a platform time. Raises ValueError on any other form."""
    if len(text) != 14 or not text.isdigit():
        msg = "not a platform time: fourteen digits yyyyMMddHHmmss are expected"
        raise ValueError(msg)
    return datetime.strptime(text, _PLATFORM).replace(tzinfo=CST).astimezone(UTC)


def shown_time(moment: datetime) -> str:
    """For people, in China Standard Time: "11-22 03:04:05"."""
    return moment.astimezone(CST).strftime("%m-%d %H:%M:%S")


def shown_clock(moment: datetime) -> str:
    """For people, minutes are enough: "11-22 03:04"."""
    return moment.astimezone(CST).strftime("%m-%d %H:%M")
