"""What is committed is what it should be: generated code, types, the example."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import ROOT, SAMPLES, server

HERE = Path(__file__).resolve().parents[1]
# Where everything is installed, nothing may be skipped.
STRICT = bool(os.environ.get("SCANVET_CI_TOOLS"))


def needs(module: str) -> unittest.TestCase:
    """Skips a test where a tool is not installed."""
    missing = importlib.util.find_spec(module) is None and not STRICT
    return unittest.skipIf(missing, f"{module} is not installed")  # type: ignore[return-value]


class Package(unittest.TestCase):
    @needs("grpc_tools")
    def test_the_generated_code_is_that_of_the_proto_file(self) -> None:
        from importlib.metadata import version

        pinned = (HERE / "pyproject.toml").read_text("utf-8")
        if f'"grpcio-tools=={version("grpcio-tools")}"' not in pinned and not STRICT:
            self.skipTest("another grpcio-tools is installed")
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(HERE / "generate.py"), folder]
            subprocess.run(command, check=True)
            made = sorted(Path(folder).rglob("*.py*"))
            self.assertEqual(len(made), 3)
            for file in made:
                committed = HERE / "src" / file.relative_to(folder)
                same = file.read_bytes() == committed.read_bytes()
                self.assertTrue(same, f"run `python generate.py`: {committed.name} is old")

    @needs("mypy")
    def test_every_type_holds(self) -> None:
        with tempfile.TemporaryDirectory() as cache:
            command = [sys.executable, "-m", "mypy", "--cache-dir", cache]
            checked = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_example_says_what_is_wrong(self) -> None:
        example = ROOT / "examples/validate.py"
        readme = (HERE / "README.md").read_text("utf-8")
        self.assertIn(example.read_text("utf-8"), readme)
        with server() as address:
            for name, status, line in [
                ("accept-card.jpg", 0, "ACCEPT"),
                ("reject-card-grey.jpg", 1, "COLOUR_MISSING: 图片不是彩色"),
            ]:
                command = [sys.executable, str(example), address, str(SAMPLES / name)]
                # What is imported here is imported there.
                env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
                ran = subprocess.run(command, capture_output=True, encoding="utf-8", env=env)
                self.assertEqual(ran.returncode, status, ran.stderr)
                self.assertIn(line, ran.stdout)
