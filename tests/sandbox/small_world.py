"""A scenario of a few accounts whose institutions answer at once, for the tests of the practice institutions."""

from typing import Any

from tests.sandbox.bank_letters import CCB, CMB, ICBC

SOON = [0.01, 0.02]


def institution(name: str, code: str, kind: str = "bank", channel: str = "platform") -> dict[str, Any]:
    return {"id": name, "code": code, "name": f"练习{code}", "kind": kind, "channel": channel, "answer_s": SOON}


def account(name: str, bank: str, opening: int = 0, role: str = "mule", kind: str = "person") -> dict[str, Any]:
    number = f"62220{sum(name.encode()) * 1000 + len(name):011d}"
    return {
        "id": name,
        "institution": bank,
        "number": number,
        "name": f"测试{name}",
        "id_number": "320299199508156208",
        "kind": kind,
        "role": role,
        "opening_fen": opening,
    }


def move(name: str, at_s: float, payer: str, payee: str, fen: int, via: str = "mobile") -> dict[str, Any]:
    return {"id": name, "at_s": at_s, "from": payer, "to": payee, "amount_fen": fen, "via": via}


def small() -> dict[str, Any]:
    """Victim v pays m1 at 0 and 10; m1 pays m2, shop and cash before the report at 100; the rest is due later."""
    return {
        "scenario": "small",
        "note": "",
        "time_scale": 1,
        "officers": {"decide_s": [0, 0]},
        "institutions": [
            institution(ICBC, "ICBC"),
            institution(CCB, "CCB"),
            institution(CMB, "CMB", channel="liaison"),
            institution("Z99999320001", "PAY1", kind="payment"),
            institution("CT", "CT", kind="carrier", channel="gateway"),
            institution("CM", "CM", kind="carrier", channel="gateway"),
            institution("MVNO-1", "MVNO-1", kind="carrier", channel="liaison"),
        ],
        "accounts": [
            account("v", ICBC, 1_000_000, "victim"),
            account("m1", CCB, 5_000),
            account("m2", ICBC),
            account("m3", CMB),
            account("shop", CCB, 100_000, "merchant", "corporate"),
        ],
        "lines": [{"number": "17044059130", "carrier": "MVNO-1", "called": []}],
        "links": [{"url": "http://refund.example.invalid/login", "sms": True}],
        "moves": [
            move("t1", 0, "v", "m1", 500_000),
            move("t2", 10, "v", "m1", 100_000),
            move("t3", 20, "m1", "m2", 200_000),
            move("t4", 30, "m1", "shop", 50_000, "online"),
            move("t5", 40, "m1", "cash", 10_000, "atm"),
            move("t6", 50, "m2", "abroad", 900_000, "online"),  # never had that much
            move("t7", 1_000, "m1", "m3", 300_000),
            move("t8", 2_000, "m2", "crypto", 150_000),
            move("t9", 3_000, "m3", "card", 1_000),
        ],
        "reports": [
            {
                "id": "r1",
                "at_s": 100,
                "victim": "v",
                "victim_name": "测试v",
                "victim_phone": "13900000001",
                "category": "其他",
                "moves": ["t1", "t2"],
                "lines": ["17044059130"],
                "links": ["http://refund.example.invalid/login"],
                "text": "练习用",
            }
        ],
    }
