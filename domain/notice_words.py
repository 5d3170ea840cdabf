"""What a notice says, in Chinese and English: case number, sheet, bank, counts and times, and nobody's name."""

from datetime import datetime

from domain.clock import shown_clock
from domain.notices import Notice, NoticeKind, NoticeLetter, notice_letters_key
from domain.officers import Role
from domain.sheets import LETTERS, SHEET_WORDS

_KIND_OF_LETTER = {letter: kind for kind, letter in LETTERS.items()}
_PRACTICE = ("【演练】", "[PRACTICE] ")


def letter_of(
    notice: Notice, sending: int, rung: int, to: tuple[Role, ...], *, link: str, practice: bool
) -> NoticeLetter:
    """The letter of one sending of a notice. `link`: where the case is read; empty: the house has no such address."""
    zh, en = words_of(notice)
    mark_zh, mark_en = _PRACTICE if practice else ("", "")
    lines = [
        f"{mark_zh}案件 {notice.case_number} {zh}",
        f"{mark_en}Case {notice.case_number}: {en}",
        f"确认 acknowledge: starter.py notice ack {notice.notice} --officer NO",
    ]
    return NoticeLetter(
        key=notice_letters_key(notice.notice, sending),
        notice=notice.notice,
        rung=rung,
        to=to,
        kind=notice.kind,
        case_number=notice.case_number,
        subject=notice.subject,
        due=notice.due,
        link=link,
        practice=practice,
        title=f"{mark_zh}反诈中心 {notice.case_number} {zh}",
        text="\n".join([*lines, link] if link else lines),
    )


def words_of(notice: Notice) -> tuple[str, str]:
    """What it is about, in Chinese and English."""
    by_zh, by_en = _by(notice.due)
    sheet_zh, sheet_en = _sheet(notice)
    match notice.kind:
        case NoticeKind.SHEET:
            return f"审批单 {sheet_zh}待决定{by_zh}", f"sheet {sheet_en} awaits decisions{by_en}"
        case NoticeKind.SHEET_DEADLINE:
            return f"审批单 {sheet_zh}临近决定期限{by_zh}", f"sheet {sheet_en} is still undecided{by_en}"
        case NoticeKind.UNKNOWN:
            return (
                f"{notice.subject} 未回复 {notice.count} 项请求，结果不明",
                f"{notice.subject} has not answered {notice.count} orders; their outcome is unknown",
            )
        case NoticeKind.REFUSED | NoticeKind.NOT_ENDED:
            return _refusals(notice)
        case NoticeKind.STOPS_END:
            return (
                f"{notice.count} 个账户的止付将到期而未冻结{by_zh}",
                f"stops of {notice.count} accounts end without a freeze{by_en}",
            )
        case NoticeKind.FILING:
            return f"缺立案号，不能冻结{by_zh}", f"the case filing is missing, nothing can be frozen{by_en}"


def _refusals(notice: Notice) -> tuple[str, str]:
    if notice.kind is NoticeKind.REFUSED:
        return (
            f"{notice.subject} 拒绝止付或查询 {notice.count} 个账户，资金未受控或去向不明：请核对要素，联系该机构",
            f"{notice.subject} refused to stop or query {notice.count} accounts, money not held or followed: call it",
        )
    return (
        f"{notice.subject} 拒绝解除 {notice.count} 个账户的止付或冻结，账户仍被控制：请联系该机构",
        f"{notice.subject} refused to let {notice.count} accounts go; they are still held: call it",
    )


def _sheet(notice: Notice) -> tuple[str, str]:
    kind = _KIND_OF_LETTER.get(notice.subject[:1])
    if kind is None:
        return f"{notice.subject} ", notice.subject
    zh, en = SHEET_WORDS[kind]
    counted = (f"，{notice.count}个账户", f", {notice.count} accounts") if notice.count else ("", "")
    return f"{notice.subject}（{zh}{counted[0]}）", f"{notice.subject} ({en}{counted[1]})"


def _by(due: datetime | None) -> tuple[str, str]:
    """The deadline in China Standard Time."""
    if due is None:
        return "", ""
    return f"，期限 {shown_clock(due)}", f", due {shown_clock(due)} CST"
