"""What a drill's world is called when nobody names it."""

import re
from collections.abc import Collection
from datetime import datetime

_LONGEST_SLUG = 20
_FORM = "%m%d-%H%M%S"


def run_name(raw: object, moment: datetime, taken: Collection[str]) -> str:
    """The scenario's name and the moment: `first-case-1122-142233`; a count follows where that is taken."""
    said = raw.get("scenario") if isinstance(raw, dict) else None
    slug = re.sub(r"[^a-z0-9]+", "-", said.lower() if isinstance(said, str) else "").strip("-")[:_LONGEST_SLUG]
    name = f"{slug.strip('-') or 'drill'}-{moment.strftime(_FORM)}"
    if name not in taken:
        return name
    return next(other for count in range(2, 1000) if (other := f"{name}-{count}") not in taken)
