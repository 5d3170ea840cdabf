"""Which Chromium this machine has. As a script it prints the path or ends with 1: `.ci/run` asks before it installs."""

import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> Path | None:
    """Where it is; None: nowhere on the path."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


if __name__ == "__main__":
    print(path := chromium_path())
    sys.exit(0 if path else 1)
