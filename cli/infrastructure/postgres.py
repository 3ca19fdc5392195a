"""PostgreSQL from its wheel: one cluster, TCP on 127.0.0.1 only, scram-sha-256 for every connection."""

import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from cli.infrastructure import places, provision
from cli.infrastructure.ports import HOST
from cli.infrastructure.process import Child, StartFailed, plain_environment, wait_until
from cli.secret_files import passwords, write_private

SUPERUSER = "postgres"
# Starting takes 0.2 s; after a crash the log of at most max_wal_size is replayed first.
READY_SECONDS = 60.0
# A fast shutdown writes one checkpoint; a predecessor that lost its supervisor does the same.
STOP_SECONDS = 30.0
_HBA = "".join(
    ("# Written by saiken: nobody is trusted.\n", *(f"host {which} all {HOST}/32 scram-sha-256\n" for which in ("all", "replication")))
)
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    # Five services with pools, five relays, audits and tests together stay below this.
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Fewer checkpoints under load; costs time after a crash, not durability.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # Containers give /dev/shm 64 MB, which parallel queries exhaust.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For data that nobody keeps: lost with the machine, but not with the server, so that a test may kill it.
_THROWAWAY = {"fsync": "off", "full_page_writes": "off"}
_INITDB = (
    *("--auth=scram-sha-256", f"--username={SUPERUSER}", "--encoding=UTF8", "--locale=C"),
    # Sorts by code point on every machine: an index never depends on the system's collations.
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


class Postgres:
    """The server of one suite. `throwaway`: durability is off and `forget` is expected to follow `stop`."""

    def __init__(self, data: Path, logs: Path, port: int, services: Sequence[str], *, throwaway: bool = False) -> None:
        self._data = data
        self._services = services
        self._throwaway = throwaway
        self._account = places.server_account()
        self._binaries = places.server_binaries(self._account)
        self.port = port
        self.home = places.server_home(data, self._account, throwaway=throwaway)
        self.passwords = passwords(data / "secrets.json", [SUPERUSER, *provision.logins(services)])
        settings = _SETTINGS | {"port": str(port)} | (_THROWAWAY if throwaway else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.child = Child(
            "postgres",
            [str(self._binaries / "postgres"), "-D", str(self._cluster), *options],
            plain_environment(self.home),
            logs,
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            death_signal=signal.SIGINT,
        )

    @property
    def _cluster(self) -> Path:
        return self.home / "cluster"

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Makes the cluster if there is none, starts the server, provisions every service's database."""
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        (self._cluster / "pg_hba.conf").write_text(_HBA, "utf-8")
        self._outlast_predecessor()
        self.child.start()
        self.wait()
        self.run_script(provision.script(self._services, self.passwords))

    def wait(self) -> None:
        """Until it accepts connections. Raises StartFailed."""
        wait_until(self._accepts, self.child, READY_SECONDS)

    def restart(self) -> None:
        """After a crash."""
        self._outlast_predecessor()
        self.child.start()

    def _make_cluster(self) -> None:
        # Made beside its place and moved: a cluster that is there is whole.
        waiting, password = self.home / "cluster.new", self.home / ".password"
        if waiting.exists():
            shutil.rmtree(waiting)
        write_private(password, self.passwords[SUPERUSER].encode())
        if self._account is not None:
            os.chown(password, self._account.uid, self._account.gid)
        try:
            self._initdb(waiting, password)
        finally:
            password.unlink()
        waiting.rename(self._cluster)

    def _initdb(self, cluster: Path, password: Path) -> None:
        command = [str(self._binaries / "initdb"), *_INITDB, f"--pgdata={cluster}", f"--pwfile={password}"]
        command += ["--no-sync"] if self._throwaway else []
        environment = plain_environment(self.home)
        if self._account is None:
            done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")
        else:
            user, group = self._account.uid, self._account.gid
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=environment, cwd="/",
                user=user, group=group, extra_groups=[],
            )  # fmt: skip
        if done.returncode != 0:
            raise StartFailed(f"initdb of {cluster} failed: {done.stderr.strip()}")

    def _outlast_predecessor(self) -> None:
        """A server whose supervisor was killed is still shutting down; a lock file of nobody is removed."""
        lock = self._cluster / "postmaster.pid"
        if not lock.exists():
            return
        try:
            process = psutil.Process(int(lock.read_text("utf-8").split("\n")[0]))
            if str(self._cluster) in process.cmdline():
                process.wait(STOP_SECONDS)
                return
        except psutil.TimeoutExpired:
            raise StartFailed(f"another PostgreSQL still runs on {self._cluster} (its pid is in {lock})") from None
        except (psutil.NoSuchProcess, FileNotFoundError):
            pass
        # Its pid may belong to another program by now, which would keep PostgreSQL from starting.
        lock.unlink(missing_ok=True)

    def _accepts(self) -> bool:
        return self._psql("SELECT 1").returncode == 0

    def run_script(self, script: str, database: str = "postgres") -> str:
        """Runs psql commands as the superuser and gives their output. Raises StartFailed at the first error."""
        done = self._psql(script, database)
        if done.returncode != 0:
            raise StartFailed(f"psql on {database}: {done.stderr.strip()}")
        return done.stdout

    def _psql(self, script: str, database: str = "postgres") -> subprocess.CompletedProcess[str]:
        place = ["--host", HOST, "--port", str(self.port), "--username", SUPERUSER, "--dbname", database]
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--file", "-"]
        return subprocess.run(
            [str(self._binaries / "psql"), *place, *options],
            input=script, capture_output=True, text=True, check=False,
            env=plain_environment(self.home) | {"PGPASSWORD": self.passwords[SUPERUSER], "PGCONNECT_TIMEOUT": "5"},
        )  # fmt: skip

    def back_up(self, archive: Path) -> None:
        """All databases at one instant, with the log they need, as `<archive>/base.tar.gz`. Raises StartFailed."""
        place = ["--host", HOST, "--port", str(self.port), "--username", SUPERUSER]
        options = ["--pgdata", str(archive), "--format=tar", "--gzip", "--wal-method=fetch", "--checkpoint=fast"]
        done = subprocess.run(
            [str(self._binaries / "pg_basebackup"), *place, *options],
            capture_output=True, text=True, check=False, env=plain_environment(self.home) | {"PGPASSWORD": self.passwords[SUPERUSER]},
        )  # fmt: skip
        if done.returncode != 0:
            raise StartFailed(f"pg_basebackup: {done.stderr.strip()}")

    def take_back(self, archive: Path) -> None:
        """Unpack what `back_up` made; the next `start` replays its log."""
        self._cluster.mkdir(mode=0o700)
        with tarfile.open(archive / "base.tar.gz") as packed:
            packed.extractall(self._cluster, filter="data")
        if self._account is not None:
            for path in (self._cluster, *self._cluster.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)

    def forget(self) -> None:
        """Removes the data. Only after `stop`."""
        places.forget_home(self._data, self.home)
