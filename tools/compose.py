"""What deploy/compose.yaml needs and no file may hold: `python -m tools.compose` makes keys, passwords and roles in .saiken/compose."""

from pathlib import Path

from cli.infrastructure import make_keys, read_unit_ids
from cli.infrastructure.provision import LOGINS, database, logins, script
from cli.secret_files import passwords, write_private
from cli.suite import ALL
from cli.suite.suite import DEFAULT_UNITS

FOLDER = Path(__file__).parents[1] / ".saiken" / "compose"
SUPERUSER = "postgres"


def main() -> None:
    """Make what is missing; keys and passwords that are there stay."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    secret = passwords(FOLDER / "secrets.json", [SUPERUSER, *logins(ALL)])
    make_keys(FOLDER / "keys", read_unit_ids(DEFAULT_UNITS))
    (FOLDER / "units.yaml").write_bytes(DEFAULT_UNITS.read_bytes())
    (FOLDER / "provision.sql").write_text(script(ALL, secret), "utf-8")
    _write("postgres", {"POSTGRES_PASSWORD": secret[SUPERUSER]})
    for name in ALL:
        urls = {role: f"postgresql://{name}_{role}:{secret[f'{name}_{role}']}@postgres:5432/{database(name)}" for role in LOGINS}
        _write(f"{name}-owner", {"SAIKEN_OWNER_DATABASE_URL": urls["owner"]})
        others = {f"SAIKEN_{role.upper()}_DATABASE_URL": url for role, url in urls.items() if role not in {"owner", "app"}}
        _write(name, {"SAIKEN_DATABASE_URL": urls["app"], **others})
    open_to_images(FOLDER / "keys")
    FOLDER.chmod(0o700)


def open_to_images(keys: Path) -> None:
    """Let the images' user read the keys; the folder above is closed to everybody but its owner."""
    for path in (keys, *keys.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _write(name: str, variables: dict[str, str]) -> None:
    write_private(FOLDER / f"{name}.env", "".join(f"{key}={value}\n" for key, value in variables.items()).encode())


if __name__ == "__main__":
    main()
