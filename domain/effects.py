"""What a sheet would do, and what it costs to leave it undecided: from its own lines and how its accounts stand now.

Pure, and the same for the inbox, `show` and the case's details. A stop holds an account whole; what it holds beyond the
disputed sum is the holder's own. The register knows the disputed sum of all cases together, a case only its own.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from domain.clock import shown_clock
from domain.frozen import Frozen
from domain.identifiers import account_key
from domain.money import shown
from domain.orders import AccountKind
from domain.sheets import Sheet, SheetLine


class AccountNow(Frozen):
    """How one account stands at present. `disputed_fen`: reported money in it, as far as whoever asks knows.

    `stopped`: a stop in force holds it whole; `stop_ends`: when the bank ends that stop (UTC), None: not known.
    """

    disputed_fen: int = 0
    stopped: bool = False
    stop_ends: datetime | None = None


class Effect(Frozen):
    """What an approval would reach, without the lines excepted so far. Amounts in fen, moments in UTC."""

    accounts: int = 0
    asked_fen: int = 0
    shops: int = 0
    """Accounts that look like shops: companies, and those in which the report's part is small."""
    stopped: int = 0
    """Accounts that a stop holds whole now."""
    beyond_fen: int = 0
    """What those stops hold beyond the disputed sum."""
    first_stop_ends: datetime | None = None
    ends_before_deadline: bool = False
    """A stop ends by itself before the sheet's own deadline: silence then decides, and decides wrongly."""

    @property
    def waiting_costs_fen_minutes(self) -> int:
        """What each further minute without a decision costs others: so many fen held one minute longer."""
        return self.beyond_fen


NOT_KNOWN = AccountNow()


def effect_of(
    sheet: Sheet, standing: Mapping[str, AccountNow], *, excepted: Collection[int] = (), now: datetime
) -> Effect:
    """The effect of a sheet whose accounts stand so (by account key); what is not named is not stopped.

    A stop whose end has passed holds nothing. Balances are those on the sheet's lines, as their statements gave them.
    """
    lines = [line for line in sheet.lines if line.no not in excepted]
    held = [(line, its) for line in lines if _holds(its := _standing_of(line, standing), now)]
    ends = [its.stop_ends for _, its in held if its.stop_ends is not None]
    first = min(ends, default=None)
    return Effect(
        accounts=len(lines),
        asked_fen=sum(line.amount_fen for line in lines),
        shops=sum(looks_like_a_shop(line) for line in lines),
        stopped=len(held),
        beyond_fen=sum(_beyond(line, its) for line, its in held),
        first_stop_ends=first,
        ends_before_deadline=first is not None and first < sheet.decide_by,
    )


def looks_like_a_shop(line: SheetLine) -> bool:
    """A company, or an account whose balance is much larger than the report's part.

    How much larger is the policy's (`hold.least_share`): the line was marked `limited` by it.
    """
    return line.account.kind is AccountKind.CORPORATE or line.limited


def effect_words(effect: Effect, clock: Callable[[datetime], str] = shown_clock) -> tuple[str, str]:
    """The effect in Chinese and English, one line each; empty where a sheet is about no account.

    `clock` writes a moment in China Standard Time.
    """
    if not effect.accounts:
        return "", ""
    parts = [(f"像商户 {effect.shops} 户", f"accounts like shops: {effect.shops}")] if effect.shops else []
    parts.append(waiting_words(effect))
    if effect.first_stop_ends is not None:
        at = clock(effect.first_stop_ends)
        soon = ("，早于决定期限", ", before the deadline") if effect.ends_before_deadline else ("", "")
        parts.append((f"止付 {at} 到期{soon[0]}", f"first stop ends {at}{soon[1]}"))
    return "；".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)


def waiting_words(effect: Effect) -> tuple[str, str]:
    """What waiting costs, in Chinese and English."""
    if not effect.stopped:
        return "现无止付", "no stop stands"
    if not effect.beyond_fen:
        return "止付未押涉案款以外资金", "its stops hold nothing beyond the disputed sum"
    more = shown(effect.waiting_costs_fen_minutes)
    return (
        f"止付另押涉案款以外 {more}，每等一分钟多押一分钟",
        f"its stops also hold {more} beyond the disputed sum, a minute longer for each minute of waiting",
    )


def _standing_of(line: SheetLine, standing: Mapping[str, AccountNow]) -> AccountNow:
    return standing.get(account_key(line.account.institution, line.account.number), NOT_KNOWN)


def _holds(its: AccountNow, now: datetime) -> bool:
    return its.stopped and (its.stop_ends is None or now < its.stop_ends)


def _beyond(line: SheetLine, its: AccountNow) -> int:
    """Balance less what is disputed in it now, or less what the line asks where that is more."""
    return max(0, line.balance_fen - max(line.amount_fen, its.disputed_fen, 0))
