"""The books of a case: where every fen of the loss is (docs/scenarios.md; rules section 10)."""

from enum import StrEnum

from pydantic import model_validator

from domain.frozen import Frozen
from domain.orders import AccountRef


class Bucket(StrEnum):
    """Where attributed money in one account stands."""

    HELD = "held"
    STOP_PENDING = "stop_pending"
    IN_MOTION = "in_motion"
    MERCHANT = "merchant"
    RELEASED = "released"


class BookEntry(Frozen):
    """One account of one case. `attributed_fen` sits in it now; the parts below say how it stands, and add up to it."""

    account: AccountRef
    layer: int
    attributed_fen: int
    held_fen: int = 0
    stop_pending_fen: int = 0
    in_motion_fen: int = 0
    merchant_fen: int = 0
    released_fen: int = 0
    frozen_fen: int = 0
    """Of the held: covered by this case's executed freezes."""
    finding: str = ""
    cut: str = ""
    """Which bound of tracing stopped us here; empty: none."""


class Books(Frozen):
    """The sums of a case in fen. They always add up to the loss."""

    loss_fen: int = 0
    held_fen: int = 0
    stop_pending_fen: int = 0
    in_motion_fen: int = 0
    left_cash_fen: int = 0
    left_card_fen: int = 0
    left_crypto_fen: int = 0
    left_abroad_fen: int = 0
    left_merchant_fen: int = 0
    released_fen: int = 0
    returned_fen: int = 0

    @property
    def accounted_fen(self) -> int:
        """The sum of all parts."""
        return (
            self.held_fen
            + self.stop_pending_fen
            + self.in_motion_fen
            + self.left_cash_fen
            + self.left_card_fen
            + self.left_crypto_fen
            + self.left_abroad_fen
            + self.left_merchant_fen
            + self.released_fen
            + self.returned_fen
        )

    @property
    def at_risk_fen(self) -> int:
        """Money that can still leave: nothing effective covers it."""
        return self.stop_pending_fen + self.in_motion_fen

    @model_validator(mode="after")
    def _adds_up(self) -> "Books":
        if self.accounted_fen != self.loss_fen:
            msg = f"the books do not add up: {self.accounted_fen} fen accounted for, {self.loss_fen} fen lost"
            raise ValueError(msg)
        return self
