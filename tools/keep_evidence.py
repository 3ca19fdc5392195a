"""Keep what a long run found: `python -m tools.keep_evidence report.xml` appends one line for each test to docs/evidence/soak.jsonl.

`… report.xml kafka.jsonl "make story KAFKA=apache"` names another file and the command that ran.
"""

import json
import sys
from pathlib import Path

from lxml import etree

EVIDENCE = Path(__file__).parents[1] / "docs" / "evidence"


def main(report: Path, name: str = "soak.jsonl", command: str = "make soak") -> None:
    """One JSON object a test: name, seconds, outcome, commit, date."""
    suite = etree.parse(str(report)).getroot().find("testsuite")
    assert suite is not None, "the report has a suite"
    ran = suite.find("properties/property[@name='commit']")
    assert ran is not None, "the report says which commit ran"
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    with (EVIDENCE / name).open("a", encoding="utf-8") as file:
        for case in suite.iter("testcase"):
            outcome = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
            row = {
                "on": suite.get("timestamp", "")[:10],
                "commit": ran.get("value"),
                "command": command,
                "test": case.get("name"),
                "seconds": case.get("time"),
                "outcome": outcome,
            }
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
