"""The worked example of docs/adding-a-source.md: its file and its test are taken from the page and run, with every adapter's suite."""

import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs/adding-a-source.md"
# What the page promises: one file in the folder of sources, and nothing else is told of it. Here the folder has a second place.
PLACE = "import tasks.fetch.sources as sources\nsources.__path__.append({folder!r})\n"


def test_the_file_and_the_test_of_the_page_are_all_it_takes(tmp_path: Path) -> None:
    blocks = re.findall(r"^## The (?:file|test): `[\w/]*/(\w+\.py)`\n+```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert [name for name, _ in blocks] == ["lark.py", "test_lark.py"]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/lark.py").write_text(blocks[0][1])
    (tmp_path / "conftest.py").write_text(PLACE.format(folder=str(tmp_path / "sources")))
    (tmp_path / "test_lark.py").write_text(blocks[1][1])
    (tmp_path / "test_all.py").write_text("from test_declarations import *\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-k", "lark or notes", str(tmp_path)]
    there = {"PYTHONPATH": os.pathsep.join(map(str, (PROJECT, PROJECT / "tests", PROJECT / "tests/contract")))}
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **there}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b7 passed, ", done.stdout), done.stdout


def test_the_example_is_in_the_project_s_own_style(tmp_path: Path) -> None:
    for name, code in re.findall(r"`[\w/]*/(\w+\.py)`\n+```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S):
        (tmp_path / name).write_text(code)
        for how in (["check"], ["format", "--check"]):
            command = [sys.executable, "-m", "ruff", *how, "--config", str(PROJECT / "pyproject.toml"), str(tmp_path / name)]
            done = subprocess.run(
                [*command, *(["--ignore", "S101"] if how == ["check"] else [])], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
