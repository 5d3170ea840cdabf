"""Started between the stack and each of its children: ties the child's life to its parent's, then becomes the child.

`python -I -S leash.py PARENT SIGNAL USER command…`: when the parent dies, even by kill -9, the kernel sends SIGNAL.
USER is "-" or the account to become (PostgreSQL refuses to run as root). Only the standard library: this runs before
every child and costs about 15 ms. Where the kernel has no such service (not Linux), the next start ends the leftovers.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, signal: int, user: str, command: list[str]) -> None:
    """Give up root if asked, take the leash, and become `command`."""
    os.umask(0o077)
    if user != "-":
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.environ.update(HOME=account.pw_dir, USER=user, LOGNAME=user)
    if sys.platform == "linux":
        # after the change of user, which would clear it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
        if os.getppid() != parent:
            sys.exit("its parent died before it was tied to it")
    os.execvp(command[0], command)  # noqa: S606 - an argument list of our own making


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
