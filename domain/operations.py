"""How the operations of the Temporal UI are called that are not of a sheet: filing, findings, halt.

A name says what submitting does, so that nobody has to remember an English word; nothing personal is in it, since names
are plain. Sheets have `domain.sheets.update_name`.
"""

from domain.findings import FINDING_WORDS, Finding

FILE_HERE = "立案 · 填立案号"
"""There while the filing is missing. Typed: "<filing number> <officer> <code>"."""
HALT_HERE = "停手 halt"
"""Always there. Typed: "<officer>"; a halt protects, so no code may slow it down."""

REFUSED = "Refused"
"""The type of error of a refusal in words. Nothing else that an operation may end in is a no."""
NOT_KNOWN_YET = "NotKnownYet"
"""The type of error of a case that was told a kept word and has yet to hear of what it is about. No refusal."""


def finding_name(finding: Finding) -> str:
    """The operation of a visit that says this finding. Typed: "<officer> <code> [remark]"."""
    return f"查证结论：{FINDING_WORDS[finding][0]} {finding.value}"
