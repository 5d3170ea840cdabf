"""The ordinary case as a scenario in memory: one victim, two banks, one number; many of them side by side.

Each victim has paid one account, which has passed on part of it to a second one at another bank, before anybody
reports. So a case stops two accounts, closes one number, has one holder visited and puts one sheet to the officers.
"""

from typing import Any

VICTIMS_BANK, FIRST_BANK, SECOND_BANK, CARRIER = "102302000011", "105302000015", "103302000016", "CT"
ANSWER_S = (0.05, 0.25)  # as the working lines of the drills answer
LOSS_FEN, PASSED_ON_FEN = 4_000_000, 1_500_000  # below the sum from which every holder is visited
REPORTED_S = 600  # all has happened by then


def scenario(victims: int) -> dict[str, Any]:
    """A scenario of so many ordinary cases, all reported at the same second."""
    everyone = range(victims)
    return {
        "scenario": "ordinary",
        "note": "one victim, two banks, one number, one sheet, one finding",
        "time_scale": 1,
        "officers": {"decide_s": [0, 0]},
        "institutions": [
            _institution(VICTIMS_BANK, "ICBC", "bank", "platform"),
            _institution(FIRST_BANK, "CCB", "bank", "platform"),
            _institution(SECOND_BANK, "ABC", "bank", "platform"),
            _institution(CARRIER, "CT", "carrier", "gateway"),
        ],
        "accounts": [account for no in everyone for account in _accounts(no)],
        "lines": [{"number": _line(no), "carrier": CARRIER, "called": []} for no in everyone],
        "links": [],
        "moves": [
            *(_move(f"a{no}", 0, f"v{no}", f"m{no}", LOSS_FEN) for no in everyone),
            *(_move(f"b{no}", 60, f"m{no}", f"n{no}", PASSED_ON_FEN) for no in everyone),
        ],
        "reports": [_report(no) for no in everyone],
    }


def _institution(name: str, code: str, kind: str, channel: str) -> dict[str, Any]:
    return {"id": name, "code": code, "name": f"练习{code}", "kind": kind, "channel": channel, "answer_s": ANSWER_S}


def _accounts(no: int) -> list[dict[str, Any]]:
    return [
        _account(f"v{no}", VICTIMS_BANK, f"62220210{no:011d}", "victim", LOSS_FEN),
        _account(f"m{no}", FIRST_BANK, f"62170020{no:011d}", "mule", 0),
        _account(f"n{no}", SECOND_BANK, f"62284800{no:011d}", "mule", 0),
    ]


def _account(name: str, bank: str, number: str, role: str, opening_fen: int) -> dict[str, Any]:
    holder = {"name": f"测试{name}", "id_number": "320299199508156208", "kind": "person", "role": role}
    return {"id": name, "institution": bank, "number": number, "opening_fen": opening_fen, **holder}


def _move(name: str, at_s: int, payer: str, payee: str, amount_fen: int) -> dict[str, Any]:
    return {"id": name, "at_s": at_s, "from": payer, "to": payee, "amount_fen": amount_fen, "via": "mobile"}


def _line(no: int) -> str:
    return f"1704{no:07d}"


def _report(no: int) -> dict[str, Any]:
    victim = {"victim": f"v{no}", "victim_name": f"测试v{no}", "victim_phone": f"139{no:08d}"}
    told = {"category": "虚假投资理财", "moves": [f"a{no}"], "lines": [_line(no)], "links": [], "text": "练习"}
    return {"id": f"r{no}", "at_s": REPORTED_S, **victim, **told}
