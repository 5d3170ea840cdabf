"""Keys of a terminal as they are pressed, without Enter; the terminal is put back as it was, whatever ends us."""

import asyncio
import codecs
import contextlib
import os
import re
import termios
import tty
from collections.abc import Callable, Iterator

UP, DOWN, PAGE_UP, PAGE_DOWN = "up", "down", "page up", "page down"
ENTER, ESCAPE, BACKSPACE, CLOSED = "enter", "escape", "backspace", "closed"
"""Keys that are no character; `closed`: the terminal is gone."""
_NAMES = {
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
    "\x1b[5~": PAGE_UP,
    "\x1b[6~": PAGE_DOWN,
    "\r": ENTER,
    "\n": ENTER,
    "\x1b": ESCAPE,
    "\x7f": BACKSPACE,
    "\x08": BACKSPACE,
}
_ONE = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


@contextlib.contextmanager
def listening(terminal: int, press: Callable[[str], None]) -> Iterator[None]:
    """Give each key of this terminal (a file descriptor) to `press`, within the running loop."""
    loop = asyncio.get_running_loop()
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read() -> None:
        try:
            raw = os.read(terminal, 4096)
        except OSError:  # the other end of a terminal was closed
            raw = b""
        if not raw:
            loop.remove_reader(terminal)
            press(CLOSED)
            return
        for key in keys_in(decoder.decode(raw)):
            press(key)

    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)  # Ctrl-C stays what it is
    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def keys_in(text: str) -> list[str]:
    """The keys in what a terminal sent: named ones, and characters; what has no meaning here is left out."""
    found = [_NAMES.get(one, one) for one in _ONE.findall(text)]
    return [one for one in found if one in _NAMES.values() or one.isprintable()]
