"""What an image does: runs its one service, or as `migrate` brings that service's database to its newest schema."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """`--only relay` and the like go to the service."""
    (service,) = (path.name for path in Path("services").iterdir() if (path / "app.py").exists())
    if sys.argv[1:] in (["migrate"], ["migrate", service]):
        sys.argv = ["migrate", service]
        runpy.run_module("chassis.migrate", run_name="__main__")
    else:
        runpy.run_module(f"services.{service}.app", run_name="__main__")


if __name__ == "__main__":
    main()
