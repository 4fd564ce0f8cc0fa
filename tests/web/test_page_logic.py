"""The page's logic, run by the Node that comes with Playwright."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

LOGIC = Path(__file__).with_name("page_logic.mjs")


def test_the_logic_of_the_page() -> None:
    node = compute_driver_executable()[0]
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", LOGIC.name],
        cwd=LOGIC.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) > 30
