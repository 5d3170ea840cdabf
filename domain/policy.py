"""The policy as a value: validated, versioned, carried by each case so that a replay decides as the case did."""

import tomllib
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from domain.evidence import EvidenceKind
from domain.frozen import Frozen
from domain.institutions import Channel
from domain.notices import NoticeRules
from domain.officers import Role

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Law = Annotated[str, Field(min_length=6, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
_OF_A_FILE = "file"
NOT_YET = (
    "stop.enter_within_minutes",
    "stop.transfer_revocable_hours",
    "freeze.major_term_months",
    "freeze.release_unrelated_days",
    "giving_back.notice_days",
    "giving_back.pay_within_working_days",
    "complaint.decided_within_days",
    "dissuasion.high_call_minutes",
    "dissuasion.high_meet_minutes",
    "dissuasion.medium_call_hours",
    "dissuasion.low_sms_hours",
    "carrier.close_number_hours",
    "attribution.rule",
    "attribution.rule_version",
)
"""Not yet in the procedure: nothing reads these. They stay, because policies that cases carry have them."""


def _stated(given: object, asked: ValidationInfo) -> object:
    """A rule that came later: cases that started before it carry a policy without it, but a file has to state it."""
    if given is None and asked.context == _OF_A_FILE:
        msg = "field required"
        raise ValueError(msg)
    return given


LaterMinutes = Annotated[Positive | None, AfterValidator(_stated), Field(validate_default=True)]
LaterYes = Annotated[bool | None, AfterValidator(_stated), Field(validate_default=True)]
LaterLaw = Annotated[Law | None, AfterValidator(_stated), Field(validate_default=True)]
LaterNotices = Annotated[NoticeRules | None, AfterValidator(_stated), Field(validate_default=True)]


class StopRules(Frozen):
    """Stops (rules section 2)."""

    term_hours: Count
    times_per_account: Count
    enter_within_minutes: Count
    transfer_revocable_hours: Count


class FreezeRules(Frozen):
    """Freezes (rules section 3)."""

    term_months: Count
    major_term_months: Count
    city_above_fen: Count
    interest: LaterYes = None
    before_expiry_hours: Count
    release_unrelated_days: Count
    gather_seconds: Positive
    gather_answers: Positive
    gather_most_seconds: Positive
    ripe_after_minutes: Positive
    lines_per_sheet: Count


class HoldRules(Frozen):
    """When an account is not held whole, and how long a decision may take."""

    least_share: Share
    release_proposed_minutes: Positive
    decide_within_minutes: Positive


class TraceBounds(Frozen):
    """How far the money is followed."""

    least_fen: Count
    most_accounts: Count
    most_layers: Count
    window_hours: Positive
    most_rows: Count
    query_ahead_days: Count


class AuthorityRules(Frozen):
    """The standing authority for emergency stops, and the second look at what left under it. Minutes after the start.

    A case whose policy does not say when a second look is asked for started before there was one: it makes none.
    """

    hours: Positive
    second_look_minutes: Positive
    second_look_ask_minutes: LaterMinutes = None
    second_look_together_minutes: LaterMinutes = None


class FuseRules(Frozen):
    """How many stops leave before somebody is asked."""

    accounts_per_case: Count
    stops_per_minute: Count
    ask_at: Share
    each_yes_opens: Count


class UnknownRules(Frozen):
    """What is done about an order without an answer. Seconds."""

    ask_person_after_seconds: Positive
    resend_after_seconds: dict[Channel, Positive]
    slow_every_seconds: Positive
    slow_most_seconds: Positive


class LaneRules(Frozen):
    """How orders over one line leave together. Seconds and counts, by channel."""

    batch_most: Count
    in_flight: dict[Channel, Count]
    linger_seconds: dict[Channel, Annotated[float, Field(ge=0)]]
    linger_doubles_at: Count
    own_lane_after_seconds: Positive
    patience_seconds: dict[Channel, Positive]


class VerificationRules(Frozen):
    """Which holders are verified on site (rules section 8)."""

    first_layer: bool
    companies: bool
    small_share: bool
    above_fen: Count


class ReturnRules(Frozen):
    """Return of funds (rules section 4): not yet in the procedure."""

    notice_days: Count
    pay_within_working_days: Count


class ComplaintRules(Frozen):
    """Complaints of holders (rules F8): not yet in the procedure."""

    decided_within_days: Count


class DissuasionRules(Frozen):
    """Dissuasion of potential victims (rules section 7): not yet in the procedure."""

    high_call_minutes: Count
    high_meet_minutes: Count
    medium_call_hours: Count
    low_sms_hours: Count


class CarrierRules(Frozen):
    """Terms of carriers (rules section 6)."""

    close_number_hours: Count
    close_number_most_hours: Count


class SealRules(Frozen):
    """Officers' sessions at the codec endpoint, and what they seal."""

    accepted_within_seconds: Positive
    session_minutes: Positive


SEAL_RULES = SealRules(accepted_within_seconds=120, session_minutes=480)
"""For cases that started before the policy had such a rule."""


class LoginRules(Frozen):
    """How often a number may be tried at the codec endpoint's entrance."""

    wrong_codes: Count
    within_minutes: Positive


LOGIN_RULES = LoginRules(wrong_codes=5, within_minutes=1)
"""For cases that started before the policy had such a rule."""


class EveryCaseRules(Frozen):
    """What the register holds every case to, whichever policy it started with."""

    longest_authority_hours: Positive
    claim_patience_minutes: Positive


EVERY_CASE_RULES = EveryCaseRules(longest_authority_hours=24, claim_patience_minutes=15)
"""For cases that started before the policy had such a rule."""


class AttributionRule(Frozen):
    """The named rule that says whose money left (rules section 10): not yet in the procedure."""

    rule: Annotated[str, Field(pattern="^fifo$")]
    rule_version: Count


class EvidenceRules(Frozen):
    """What proves an officer's word, and when wrong codes lock an officer."""

    steps_either_side: Annotated[int, Field(ge=0, le=2)]
    wrong_codes: Count
    within_minutes: Positive
    locked_minutes: Positive
    signature_above_fen: Count
    signature_above_months: Count

    def needed(self, amount_fen: int, term_months: int) -> EvidenceKind:
        """What decisions on such a sum and term must bring."""
        much = amount_fen > self.signature_above_fen or term_months > self.signature_above_months
        return EvidenceKind.SIGNATURE if much else EvidenceKind.TOTP


class Basis(Frozen):
    """The law that a sheet of each kind rests on."""

    freeze: Law
    release: Law
    fuse: Law
    cancel: Law
    look: LaterLaw = None

    def of(self, kind: str) -> str:
        """The basis of a kind of sheet."""
        found: str | None = getattr(self, kind, None)
        return found or ""


class Grounds(Frozen):
    """Of orders that leave under the standing authority: the law they rest on, and the level that orders them.

    `level`: the roles of the two duty officers who sign the authority, the handling officer first (rules R12).
    """

    stop: Law
    query: Law
    level: tuple[Role, Role]


GROUNDS = Grounds(
    stop="反电信网络诈骗法第二十条",
    query="刑事诉讼法第一百四十四条、反电信网络诈骗法第二十条",
    level=(Role.STOP_DESK, Role.SECOND_OFFICER),
)
"""For cases that started before the policy had such a rule."""


class Policy(Frozen):
    """All of it. `version` stands in every sheet's digest."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    stop: StopRules
    freeze: FreezeRules
    hold: HoldRules
    trace: TraceBounds
    authority: AuthorityRules
    fuse: FuseRules
    unknown: UnknownRules
    lanes: LaneRules
    verification: VerificationRules
    giving_back: ReturnRules
    complaint: ComplaintRules
    dissuasion: DissuasionRules
    carrier: CarrierRules
    attribution: AttributionRule
    evidence: EvidenceRules
    basis: Basis
    grounds: Grounds = GROUNDS
    sealing: SealRules = SEAL_RULES
    login: LoginRules = LOGIN_RULES
    every_case: EveryCaseRules = EVERY_CASE_RULES
    notices: LaterNotices = None
    quorum: dict[str, tuple[Role, ...]]


def policy_from_toml(text: str) -> Policy:
    """The policy a TOML text states. Raises pydantic.ValidationError (naming the field) or tomllib.TOMLDecodeError."""
    return Policy.model_validate(tomllib.loads(text), context=_OF_A_FILE)
