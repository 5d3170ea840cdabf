"""How the money moved in the stories that several tests begin with."""

from domain.orders import Measure
from domain.statement import Way
from tests.workflows.paper_world import SILENT, Home, PaperWorld


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


def silent_upstream() -> tuple[PaperWorld, Home, Home]:
    """Both are paid by the victim, and c pays b as well; c's bank sends no statement."""
    world = PaperWorld()
    c, b = world.open("c", "CCB"), world.open("b", "ABC")
    world.defraud(b, 600_00)
    world.defraud(c, 1_000_00)
    world.pay(c, b, 300_00)
    world.say(Measure.QUERY, c, SILENT)
    return world, c, b


def one_bank_silent() -> tuple[PaperWorld, Home, Home]:
    """Two accounts of the first layer; the bank of the first does not answer the stop."""
    world = PaperWorld()
    quiet, open_ = world.open("quiet", "ICBC"), world.open("open", "ABC")
    world.defraud(quiet, 500_00)
    world.defraud(open_, 500_00)
    world.say(Measure.STOP, quiet, SILENT)
    return world, quiet, open_
