"""What lies in a directory in which others work: what they remove while we look was not there."""

import os
from collections.abc import Iterator
from pathlib import Path


def everything_in(home: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The directory and all below it, each with what it is itself, links not followed."""
    yield home, home.lstat()
    for where, directories, files in os.walk(home, onerror=_raise_unless_gone):
        for name in (*directories, *files):
            path = Path(where, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            yield path, found


def _raise_unless_gone(problem: OSError) -> None:
    if not isinstance(problem, FileNotFoundError):
        raise problem
