"""A generated scenario: one victim, one mule who has sent the money on to very many accounts before the report."""

BANKS = (
    ("102302000011", "ICBC"),
    ("103302000016", "ABC"),
    ("105302000015", "CCB"),
    ("104302000012", "BOC"),
    ("301302000013", "BOCOM"),
    ("314302000016", "WRCB"),
)
EACH_FEN = 100_000


def fanned_out(accounts):
    """So many accounts to be stopped, the first mule included."""
    leaves = accounts - 1
    mules = [_account(number, "mule", 0) for number in range(1, accounts + 1)]
    held = [_account(0, "victim", leaves * EACH_FEN), *mules]
    moves = [_move(0, 0, "a00000", "a00001", leaves * EACH_FEN)]
    moves += [_move(number, 60 + number % 60, "a00001", f"a{number:05}", EACH_FEN) for number in range(2, accounts + 1)]
    report = {
        "id": "r001",
        "at_s": 300,
        "victim": "a00000",
        "victim_phone": "13900000001",
        "victim_name": held[0]["name"],
        "category": "刷单返利",
        "moves": ["m00000"],
        "lines": [],
        "links": [],
        "text": "练习用，非真实警情",
    }
    return {
        "scenario": f"fan-{accounts}",
        "note": "generated",
        "time_scale": 60,
        "officers": {"decide_s": [0.2, 0.4]},
        "institutions": [_bank(*bank) for bank in BANKS],
        "accounts": held,
        "lines": [],
        "links": [],
        "moves": sorted(moves, key=lambda move: move["at_s"]),
        "reports": [report],
    }


def _bank(identity, code):
    return {
        "id": identity,
        "code": code,
        "name": f"练习银行{code}",
        "kind": "bank",
        "channel": "platform",
        "answer_s": [0.05, 0.25],
    }


def _account(number, role, opening_fen):
    return {
        "id": f"a{number:05}",
        "institution": BANKS[number % len(BANKS)][0],
        "number": f"62299900000{number:08}",
        "name": f"测试户{number:05}",
        "id_number": f"3202991970010{number:05}",
        "kind": "person",
        "role": role,
        "opening_fen": opening_fen,
    }


def _move(number, at_s, giver, taker, amount_fen):
    return {"id": f"m{number:05}", "at_s": at_s, "from": giver, "to": taker, "amount_fen": amount_fen, "via": "mobile"}
