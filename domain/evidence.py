"""What proves an officer's word: a one-time code or a signature, and the exact text that it is bound to.

A code or signature is given for one text (`…_binding`) and for nothing else: officer, verdict, and every sheet that the
word decides, each with its digest and its excepted lines. All of it is pure; adapters/register/evidence.py verifies.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.frozen import Frozen

STEP_SECONDS = 30
"""Of a one-time code (RFC 6238, as every authenticator application has it)."""
_VERSION = "holdfast v1"


class EvidenceKind(StrEnum):
    """How an officer proves a word. A signature is accepted wherever a code is."""

    TOTP = "totp"
    SIGNATURE = "signature"


class Totp(Frozen):
    """A one-time code of six digits."""

    kind: Literal["totp"] = "totp"
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Signature(Frozen):
    """An Ed25519 signature over the binding's text: 64 bytes in base64url without padding."""

    kind: Literal["signature"] = "signature"
    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")]


class KeptWord(Frozen):
    """Evidence that the register verified when it was given and keeps, because no engine was there to hear the word.

    It names that word and proves nothing by itself: the register compares with the proof that it marked then.
    """

    kind: Literal["kept"] = "kept"
    word: Annotated[str, Field(pattern=r"^w-[0-9a-f]{16}$")]


Evidence = Annotated[Totp | Signature | KeptWord, Field(discriminator="kind")]


class Purpose(StrEnum):
    """What a word is for; a code given for one serves no other."""

    DECISION = "decision"
    FINDING = "finding"
    FILING = "filing"
    AUTHORITY = "authority"
    ADMINISTRATION = "administration"
    LOGIN = "login"


class Signatory(Frozen):
    """An officer with the evidence for one word."""

    officer: str
    evidence: Evidence | None = None


class SheetOnWord(Frozen):
    """One sheet that a word decides. `name` in full, e.g. "A2026-000123/F-03"."""

    name: str
    digest: str
    except_lines: tuple[int, ...] = ()


class Binding(Frozen):
    """The text that evidence is given for. A signature is over `text`; a code is bound to `digest` at its first use."""

    purpose: Purpose
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Proof(Frozen):
    """That evidence was verified: kept with what it entitled. `mark` is the key ring's, over `proof_text`.

    `step` counts half minutes since 1970 (of a code); `signature` is kept whole; a code itself is kept nowhere.
    """

    officer: str
    kind: EvidenceKind
    step: int | None = None
    signature: str = ""
    binding: str
    mark: str = ""


def decision_binding(officer: str, verdict: str, sheets: Sequence[SheetOnWord]) -> Binding:
    """One word on one or several sheets, in the order of their names."""
    lines = [f"verdict {verdict}"]
    for sheet in sorted(sheets, key=lambda one: one.name):
        excepted = ",".join(str(no) for no in sorted(set(sheet.except_lines))) or "-"
        lines.append(f"sheet {sheet.name} {sheet.digest} except {excepted}")
    return binding_of(Purpose.DECISION, officer, *lines)


def binding_of(purpose: Purpose, officer: str, *lines: str) -> Binding:
    """The binding of any word: version, purpose, officer, and what it says line by line."""
    return Binding(purpose=purpose, text="\n".join([f"{_VERSION} {purpose}", f"officer {officer}", *map(_flat, lines)]))


def proof_text(proof: Proof, *claims: str) -> bytes:
    """What the key ring marks: who, how, for which text, and the claims that entitle (sheet, verdict, roles, …)."""
    lines = [
        f"{_VERSION} proof",
        f"officer {proof.officer}",
        f"kind {proof.kind}",
        f"step {'-' if proof.step is None else proof.step}",
        f"signature {proof.signature or '-'}",
        f"binding {proof.binding}",
        *map(_flat, claims),
    ]
    return "\n".join(lines).encode()


def decision_claims(
    digest: str, verdict: str, except_lines: Sequence[int], roles: Sequence[str]
) -> tuple[str, str, str, str]:
    """What the proof of a decision claims: over which sheet, what, without which lines, in which roles."""
    excepted = ",".join(str(no) for no in sorted(set(except_lines)))
    return (f"sheet {digest}", f"verdict {verdict}", f"except {excepted}", f"roles {','.join(sorted(roles))}")


def kept_claims(word: str, reason: str) -> tuple[str, str, str]:
    """What the proof of a kept word claims: to speak once more, in these words, for the text it is bound to."""
    return ("kept decision", f"word {word}", f"reason {reason}")


def finding_binding(officer: str, case_id: str, account: str, finding: str, remark: str) -> Binding:
    """A finding on one account of a case; it may release money."""
    return binding_of(
        Purpose.FINDING, officer, f"case {case_id}", f"account {account}", f"finding {finding}", f"remark {remark}"
    )


def finding_claims(case_id: str, account: str, finding: str) -> tuple[str, str, str]:
    """What the proof of a finding claims."""
    return (f"case {case_id}", f"account {account}", f"finding {finding}")


def filing_binding(officer: str, case_id: str, number: str) -> Binding:
    """A case filing (立案); it opens freezes."""
    return binding_of(Purpose.FILING, officer, f"case {case_id}", f"number {number}")


def filing_claims(case_id: str, number: str) -> tuple[str, str]:
    """What the proof of a case filing claims."""
    return (f"case {case_id}", f"filing {number}")


def login_binding(officer: str) -> Binding:
    """An officer comes in to read."""
    return binding_of(Purpose.LOGIN, officer)


def _flat(line: str) -> str:
    """No word can begin a line of its own inside a binding."""
    return " ".join(line.splitlines())
