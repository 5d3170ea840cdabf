"""What a line of the watch is that is no sheet, and what somebody does about it."""

from domain.watchlist import KIND_WORDS, Entry, Kind

_TO_DO: dict[Kind, tuple[str, str]] = {
    Kind.UNKNOWN: (
        "已发出而未答复，是否生效不明，不得视为失败：请电话询问该机构；系统继续重发",
        "sent and not answered, whether it took effect is not known: call the institution; we go on asking it",
    ),
    Kind.REFUSED: (
        "该机构已拒绝，资金未受控或去向不明：请核对账号、户名、金额、时间，电话联系该机构",
        "refused: money is not held, or not to be followed; check number, name, amount and time, call the institution",
    ),
    Kind.NOT_ENDED: (
        "该机构拒绝解除，当事人账户仍被控制（结案亦然）：请电话联系该机构解除；到期自动失效",
        "refused to let go, the account is still held, also after the case closed: call the institution to end it",
    ),
    Kind.STOP_ENDS: (
        "到期自动失效，款项未全部冻结：请在此前决定该案的冻结审批单",
        "it ends by itself and no freeze covers all of the money: decide the case's freeze sheets before",
    ),
    Kind.FILING: (
        '缺立案号不能冻结：starter.py filing {case} 立案号 --officer "警号 验证码"',
        'nothing can be frozen without it: starter.py filing {case} NUMBER --officer "NO CODE"',
    ),
    Kind.LOOK: (
        "止付尚无人复核：到时系统自行提出复核单（L-…），届时在此决定；已超时则工作进程未运行",
        "when it is due the case makes a look sheet (L-…) to decide here; overdue: no worker is there to make it",
    ),
    Kind.VISITS: (
        (
            "单子都已决定，只等外勤查证结论，此前案件不会结："
            'starter.py finding {case} 账号末四位 结论 --officer "警号 验证码"'
        ),
        (
            "all is decided; the case closes with the field officers' findings: "
            'starter.py finding {case} LAST4 FINDING --officer "NO CODE"'
        ),
    ),
}


def what_to_do(one: Entry) -> str:
    """Said where somebody opens what cannot be opened as a sheet."""
    zh, en = KIND_WORDS[one.kind]
    to_do = _TO_DO.get(one.kind, ("", ""))
    todo_zh, todo_en = (words.format(case=one.case_number) for words in to_do)
    return (
        f"{one.case_number} {zh}，不是审批单：{todo_zh}；详见 starter.py show {one.case_number}\n"
        f"{en}, no sheet: {todo_en}"
    )
