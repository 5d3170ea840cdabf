"""The witness: what really happened to the money, judged from the sandbox's own records."""

from adapters.sandbox.witness.lots import BookContradictionError
from adapters.sandbox.witness.measures import measure

__all__ = ["BookContradictionError", "measure"]
