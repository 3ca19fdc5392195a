"""What a release is judged by: `python -m tools.release` writes a bill of materials for each service and asks for known vulnerabilities."""

import subprocess
import sys
from pathlib import Path

from cli.suite import ALL
from tools.write_requirements import FOLDER, ROOT

TARGET = ROOT / "dist"
_PROGRAMS = Path(sys.executable).parent
# pip-audit's own exit code for findings; everything else is a failure to ask.
FOUND = 1


def main() -> int:
    """Exit code 1: a lint's remark or a known vulnerability. Where nobody answers, that is said, and is no answer."""
    TARGET.mkdir(exist_ok=True)
    failed = _run("hadolint", str(ROOT / "deploy" / "Dockerfile")).returncode != 0
    for name in ALL:
        listed, bill = FOLDER / f"{name}.txt", TARGET / f"{name}.cdx.json"
        made = _run("cyclonedx-py", "requirements", "--output-reproducible", "--output-file", str(bill), str(listed))
        print(f"{bill.relative_to(ROOT)}: {'written' if made.returncode == 0 else made.stderr}")
        asked = _run("pip-audit", "--require-hashes", "--disable-pip", "--requirement", str(listed), "--progress-spinner", "off")
        if asked.returncode == 0:
            print(f"{name}: no known vulnerability")
        elif "known vulnerabilit" in asked.stderr:
            print(f"{name}: {asked.stdout}")
        else:
            print(f"{name}: NOT audited, nobody answered: {asked.stderr.strip().splitlines()[-1:]}")
        failed |= made.returncode != 0 or (asked.returncode == FOUND and "known vulnerabilit" in asked.stderr)
    return int(failed)


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([_PROGRAMS / program, *arguments], capture_output=True, text=True, check=False)
    if done.stdout and program == "hadolint":
        print(done.stdout)
    return done


if __name__ == "__main__":
    sys.exit(main())
