"""The command line with a configuration that is wrong: exit code 2, one line for each problem."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bots.config import parse
from bots.yaml_file import read
from tests.bots.files import changed

ROOT = Path(__file__).parents[2]


def command(*arguments, cwd, **environment):
    base = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "bots", *arguments],
        cwd=cwd,
        env=base | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("name", ["run", "check"])
def test_a_wrong_file_ends_the_command_with_2_and_its_lines_on_stderr(written, tmp_path, name):
    file = written(changed("app-support", "'${ONE}'").replace("app-sales", "'${TWO}'"))
    done = command(name, "--config", str(file), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    mend = "is not set: export it, or put it into .env beside the file"
    assert done.stderr.splitlines() == [
        f"{file}: apps.support.api_key: the variable ONE {mend}",
        f"{file}: apps.sales.api_key: the variable TWO {mend}",
    ]


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    done = command("run", "--config", "nowhere.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("nowhere.yaml: can't be read (No such file or directory): ")
    assert "config.example.yaml" in line


def test_the_file_is_the_option_then_the_variable_then_config_yaml(tmp_path):
    for name in ("option", "variable", "config"):
        (tmp_path / f"{name}.yaml").write_text("- no\n")
    variable = str(tmp_path / "variable.yaml")
    found = [
        command("run", "--config", "option.yaml", cwd=tmp_path, PARLEY_CONFIG=variable),
        command("run", cwd=tmp_path, PARLEY_CONFIG=variable),
        command("run", cwd=tmp_path),
    ]
    assert [done.stderr.split(": ")[0] for done in found] == ["option.yaml", variable, "config.yaml"]
    assert {done.returncode for done in found} == {2}


def test_wrong_usage_is_2_too(tmp_path):
    assert command("fly", cwd=tmp_path).returncode == 2
    assert command(cwd=tmp_path).returncode == 2


def test_the_example_loads(tmp_path):
    example = ROOT / "config.example.yaml"
    if not example.exists():
        pytest.skip("config.example.yaml is not written yet")
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    names = set(re.findall(r"\$\{([A-Z_]+)\}", example.read_text()))
    values = read(example, {name: tokens.get(name, "x") for name in names})
    assert parse(values, example).platforms
