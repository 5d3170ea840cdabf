"""Who read what: every decode at the codec endpoint."""

from sqlalchemy import CheckConstraint, Index, Table

from adapters.register.schema import count, flag, metadata, moment, running_number, text

decode_log = Table(
    "decode_log",
    metadata,
    running_number(),
    text("officer", "police number of the officer who read"),
    moment("at", "when the payloads were opened"),
    text("namespace", "the namespace they are of"),
    text("workflow_id", "the workflow they are of; empty: what an officer's session had sealed"),
    count("payloads", "how many"),
    flag("masked", "true: shown with names and numbers masked"),
    CheckConstraint("payloads > 0", name="payloads"),
    comment="append-only: every decode at the codec endpoint, kept before anything was shown",
)
Index("ix_decode_log_workflow_id", decode_log.c.workflow_id, decode_log.c.at)
Index("ix_decode_log_officer", decode_log.c.officer, decode_log.c.at)
