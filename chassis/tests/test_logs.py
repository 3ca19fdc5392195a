"""Logs: one JSON document a line, whoever writes at the same time."""

import json
import subprocess
import sys

LINES = 400
PROGRAM = f"""
import logging, sys, threading
from types import SimpleNamespace
from chassis import telemetry

sys.setswitchinterval(1e-6)
telemetry.start(SimpleNamespace(service="billing", log_level="INFO", otlp="", metrics=""))

def ours():
    for number in range({LINES}):
        telemetry.logger().info("ours", number=number)

def theirs():
    for number in range({LINES}):
        logging.getLogger("temporal").warning("theirs %d", number)

threads = [threading.Thread(target=one) for one in (ours, theirs, ours, theirs)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_lines_of_several_threads_do_not_run_into_each_other():
    done = subprocess.run([sys.executable, "-u", "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert len(lines) == 4 * LINES
