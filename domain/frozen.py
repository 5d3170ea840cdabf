"""The one base of every value that travels: frozen, tolerant of newer fields, silent about its input in errors."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value. Unknown keys are ignored, so that a running old worker can read a newer payload.

    Errors do not quote the input: it may hold a name or an account number.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
