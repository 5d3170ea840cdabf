"""How the money moved in the stories that several tests begin with."""

from domain.statement import Way
from tests.workflows.paper_world import Home, PaperWorld


def two_layers() -> tuple[PaperWorld, Home, Home]:
    world = PaperWorld()
    a, b = world.open("a", "ICBC"), world.open("b", "ABC")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 600_00)
    return world, a, b


def three_accounts() -> tuple[PaperWorld, Home, Home, Home]:
    world = PaperWorld()
    a, b, c = world.open("a", "ICBC"), world.open("b", "ABC"), world.open("c", "CCB")
    world.defraud(a, 1_000_00)
    world.pay(a, b, 700_00)
    world.pay(b, Way.CASH, 100_00)
    world.pay(b, c, 400_00)
    return world, a, b, c
