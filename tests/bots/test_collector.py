"""Python's garbage collector: off while `run` loads, on again whatever becomes of it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def said_by(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.split()


def test_it_is_on_again_where_the_start_fails(tmp_path):
    main = f"main(['run', '--config', {str(tmp_path / 'none.yaml')!r}])"
    code = f"import gc; from bots.__main__ import main; print({main}, gc.isenabled())"
    assert said_by(code) == ["2", "True"]


def test_it_is_on_once_the_bot_has_started_and_leaves_alone_what_is_loaded():
    code = "import gc; from bots.__main__ import _settle; gc.disable(); _settle('')"
    assert said_by(f"{code}; print(gc.isenabled(), gc.get_freeze_count() > 1000)") == ["True", "True"]


def test_a_command_that_needs_no_configuration_loads_no_models():
    code = "import sys, bots.__main__; print(*({'pydantic', 'httpx', 'aiohttp'} & set(sys.modules)), 'none')"
    assert said_by(code) == ["none"]
