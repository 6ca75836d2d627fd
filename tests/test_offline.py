"""With the network cut off (loopback up), set-up done: index, search and ask, the model included."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CORPUS

POLYCITE = Path(sys.executable).with_name("polycite")


def test_index_and_ask_without_a_network(tmp_path: Path) -> None:
    probe = "import socket; s = socket.socket(); s.settimeout(5); s.connect(('192.0.2.1', 80))"
    script = "\n".join(
        [
            "set -e",
            "ip link set lo up",
            f"! {shlex.join([sys.executable, '-c', probe])} 2>/dev/null",  # the network is cut off indeed
            f"{POLYCITE} index {CORPUS} --data-dir d >/dev/null",
            f"{POLYCITE} ask --json --data-dir d 'How long did William Cho spend in conversation with Zuckerberg?'",
        ]
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if done.stderr.startswith("unshare:") or "ip: not found" in done.stderr:
        pytest.skip(f"the network cannot be cut off here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["receipt"]["asked"]
    assert answer["receipt"]["fault"] is None
    assert "two hours" in answer["citations"][0]["quote"]
