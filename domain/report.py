"""A fraud report, as it is taken at intake. Strict: a wrong field is refused with its path before anything is kept."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.identifiers import account_key
from domain.orders import AccountKind

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
AccountNumber = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Za-z_\-]{4,50}$")
]  # no Luhn: accounts have none (rules section 12)
InstitutionId = Annotated[str, StringConstraints(pattern=r"^(\d{12}|Z\d{11})$")]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9\-]{3,20}$")]


class ReportKind(StrEnum):
    """What a report may be (rules section 1)."""

    LOSS = "loss"
    ATTEMPT = "attempt"
    CLUE = "clue"
    BANK = "bank"
    WARNING = "warning"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Victim(_Strict):
    """Who lost the money, and the account it left from, where known."""

    name: Text
    phone: PhoneNumber
    account: AccountNumber | None = None
    bank: InstitutionId | None = None


class Transfer(_Strict):
    """One transfer the victim made: the four elements of the first stop (rules R2). `time` carries its zone."""

    bank: InstitutionId
    number: AccountNumber
    name: Text
    amount_fen: Annotated[int, Field(gt=0, le=10**14, strict=True)]  # 86000.00 is yuan, and a hundredth of the loss
    time: AwareDatetime
    account_kind: AccountKind = AccountKind.PERSON

    @property
    def key(self) -> str:
        """The payee's account."""
        return account_key(self.bank, self.number)


class Line(_Strict):
    """A telephone number the fraudsters used, and its carrier where known."""

    number: PhoneNumber
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None


class Report(_Strict):
    """One report. `source` and `source_ref` are its identity; without a reference a digest of its content is."""

    kind: ReportKind = ReportKind.LOSS
    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9\-]{1,40}$")] = "intake"
    source_ref: Annotated[str, StringConstraints(max_length=100)] | None = None
    category: Text
    victim: Victim
    transfers: Annotated[tuple[Transfer, ...], Field(max_length=200)] = ()
    lines: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    links: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{3,500}$")], ...], Field(max_length=100)
    ] = ()
    text: Annotated[str, StringConstraints(max_length=10_000)] = ""

    @model_validator(mode="after")
    def _kinds_agree(self) -> Self:
        if self.kind is ReportKind.LOSS and not self.transfers:
            msg = "a report of kind loss names at least one transfer; without a transfer use attempt, clue or warning"
            raise ValueError(msg)
        if self.category == "其他" and not self.text:
            msg = "category 其他 needs text: say in words what happened"
            raise ValueError(msg)
        return self

    @property
    def loss_fen(self) -> int:
        """What the victim lost, in fen."""
        return sum(transfer.amount_fen for transfer in self.transfers)

    @property
    def identity(self) -> str:
        """The same report filed twice has the same identity: source and reference, else a digest of its content."""
        if self.source_ref:
            return f"{self.source}:{self.source_ref}"
        content = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
        return f"{self.source}:sha256:{hashlib.sha256(content.encode()).hexdigest()}"


class Receipt(BaseModel):
    """What intake answers. `standing` says what this filing found."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    case_number: str
    workflow_id: str
    standing: str
    """new: a case was opened · joined: the same report runs already · closed: its case is closed · differs: another
    report bears its reference, and nothing was kept."""
    received_at: datetime
