"""What the engine keeps on disk, as bytes to be searched."""

import contextlib
from pathlib import Path


def on_disk(database: Path) -> bytes:
    """The file and what is still in its journal; the engine removes that with each commit, also while we look."""
    kept = database.read_bytes()
    for beside in sorted(database.parent.glob(f"{database.name}-*")):
        with contextlib.suppress(FileNotFoundError):
            kept += beside.read_bytes()
    return kept
