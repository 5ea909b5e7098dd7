"""The house as its plan says: which way imports run, how large things are, and what no file may hold."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from bots.platforms import PLATFORMS

ROOT = Path(__file__).parents[1]
OURS = ("bots", "core", "adapters", "simulators", "bench")
FILES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FOLDERS = sorted(path.name for path in (ROOT / "adapters").iterdir() if (path / "__init__.py").exists())
SEAM = {"core.contract", "core.messages", "core.errors", "core.commands"}
# What a simulator may be made of besides the standard library and its own files.
SHARED = {"simulators.journal", "simulators.limits"}


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path, node):
    """The modules that an import statement names; `from package import module` names the module."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}: imports are absolute"
        inner = {f"{node.module}.{alias.name}" for alias in node.names}
        modules = inner & set(MODULES)
        return modules if len(modules) == len(inner) else modules | {node.module}
    return set()


@cache
def imports(path, *, top_level=False):
    """Modules that a file imports: anywhere in it, or only as it is loaded."""
    nodes = tree(path).body if top_level else ast.walk(tree(path))
    found = set()
    for node in nodes:
        found |= named(path, node)
    if not top_level:
        found |= loaded_by_name(path)
    return frozenset(found)


def loaded_by_name(path):
    """What `import_module("…")` loads, as far as it is written down; in f-strings, up to the first hole."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module" and node.args:
            text = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            if isinstance(text, ast.Constant):
                found.add(text.value.rstrip("."))
    return found


def ours(names):
    return {name for name in names if name.split(".")[0] in OURS}


def package(name):
    return name.split(".")[0]


def wrong(allowed):
    """ "file → import" for every import of ours that is not allowed."""
    return [
        f"{module_of(path)} → {name}"
        for path in FILES
        for name in sorted(ours(imports(path)))
        if not allowed(module_of(path), name)
    ]


def test_the_walk_finds_our_files():
    assert len(FILES) > 100
    assert {"adapters", "bots", "core", "simulators"} <= {package(name) for name in MODULES} <= set(OURS)
    assert "core.errors" in imports(ROOT / "core" / "dify" / "client.py")
    assert "adapters" in imports(ROOT / "bots" / "platforms.py")


def test_imports_run_one_way():
    may = {
        "bots": {"bots", "adapters", "core", "simulators"},
        "adapters": {"adapters", "core"},
        "core": {"core"},
        "simulators": {"simulators"},
        "bench": {"bench", "bots", "simulators", "core", "adapters"},
    }
    assert wrong(lambda where, name: package(name) in may[package(where)]) == []


def test_adapters_see_only_the_seam_and_themselves():
    def allowed(where, name):
        if package(where) != "adapters":
            return True
        return name in SEAM or where.split(".")[:2] == name.split(".")[:2]

    assert wrong(allowed) == []


def users_of(packages):
    """The files of ours that import one of these packages."""
    return {module_of(path) for path in FILES if {package(name) for name in imports(path)} & packages}


def test_only_the_demo_of_the_bot_sees_the_sandbox():
    assert {where for where in users_of({"simulators"}) if package(where) == "bots"} <= {"bots.demo"}


def test_each_simulator_stands_alone():
    """Those of one server see only themselves and the shared files; page and stage put them together."""

    def allowed(where, name):
        servers = {"slack", "discord", "dify"}
        parts = where.split(".")
        if parts[0] != "simulators" or len(parts) < 2 or parts[1] not in servers:
            return True
        return name in SHARED or name.split(".")[:2] == parts[:2]

    assert wrong(allowed) == []


def test_simulators_use_the_standard_library_and_aiohttp_only():
    known = set(sys.stdlib_module_names) | {"aiohttp", "simulators"}
    found = {
        f"{module_of(path)} → {name}"
        for path in FILES
        if module_of(path).startswith("simulators")
        for name in imports(path)
        if package(name) not in known
    }
    assert found == set()


def test_dify_is_a_leaf():
    def allowed(where, name):
        return not where.startswith("core.dify") or name == "core.errors" or name.startswith("core.dify")

    assert wrong(allowed) == []


def test_nothing_but_the_store_knows_the_database():
    users = users_of({"sqlalchemy", "alembic"})
    assert {name for name in users if not name.startswith("core.store")} == set()


@pytest.mark.parametrize(
    ("library", "folder"), [("slack_bolt", "slack"), ("slack_sdk", "slack"), ("discord", "discord")]
)
def test_a_platforms_library_is_loaded_by_its_adapter_only(library, folder):
    users = users_of({library})
    assert users
    assert {where for where in users if not where.startswith(f"adapters.{folder}")} == set()


def test_settings_load_without_a_platforms_library():
    for folder in FOLDERS:
        names = imports(ROOT / "adapters" / folder / "settings.py")
        assert {package(name) for name in names} <= {"typing", "urllib", "pydantic", "re"}


def test_no_modules_import_each_other_in_a_circle():
    graph = {module_of(path): imports(path, top_level=True) & set(MODULES) for path in FILES}
    while True:  # take away whatever imports nothing that is left
        free = {name for name, needs in graph.items() if not needs & set(graph) - {name}}
        if not free:
            break
        graph = {name: needs for name, needs in graph.items() if name not in free}
    assert sorted(graph) == []


CORE = [pytest.param(path, id=module_of(path)) for path in sorted((ROOT / "core").rglob("*.py"))]


@pytest.mark.parametrize("path", CORE)
def test_the_core_names_no_platform(path):
    names = "|".join({*FOLDERS, "slack", "discord"})
    assert re.findall(rf".*(?:{names}).*", path.read_text(encoding="utf-8"), re.IGNORECASE) == []


def test_every_adapter_is_registered_and_has_all_parts():
    assert sorted(PLATFORMS) == FOLDERS
    for folder in FOLDERS:
        assert (ROOT / "adapters" / folder / "settings.py").exists()
        assert (ROOT / "adapters" / folder / "adapter.py").exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_adapter_is_in_the_contract_suite(folder):
    suite = ROOT / "tests" / "adapters" / "contract.py"
    if not suite.exists():
        pytest.skip("tests/adapters/contract.py is not written yet")
    runs = [path for path in (ROOT / "tests" / "adapters").rglob("*.py") if "contract" in path.read_text()]
    assert folder in suite.read_text() or any(
        folder in path.parts and path.name.startswith(("test_", "conftest")) for path in runs
    )


def test_no_file_of_the_product_is_longer_than_300_lines():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert [f"{path.relative_to(ROOT)}: {length}" for path, length in lengths.items() if length > 300] == []


def functions(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def test_no_function_has_50_lines():
    found = [
        f"{module_of(path)}.{name}: {length}"
        for path in FILES
        for name, length in functions(path)
        if length >= 50
    ]
    assert found == []


def test_no_class_is_called_by_what_it_does_for_somebody_else():
    vague = re.compile(r"(Manager|Helper|Utils?|Base|Handler|Service)$")
    classes = (
        (path, node) for path in FILES for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)
    )
    assert [f"{module_of(path)}.{node.name}" for path, node in classes if vague.search(node.name)] == []


def test_every_module_says_in_one_sentence_what_it_is():
    said = {module_of(path): ast.get_docstring(tree(path)) or "" for path in FILES if tree(path).body}
    first = {name: text.split("\n\n")[0].rstrip() for name, text in said.items()}
    assert [name for name, sentence in first.items() if not sentence.endswith((".", ":"))] == []


def test_nothing_is_mocked():
    banned = {"unittest" + ".mock", "mock", "pytest_mock"}
    found = [
        str(path.relative_to(ROOT))
        for path in [*FILES, *TESTS]
        if imports(path) & banned or {package(name) for name in imports(path)} & {"pytest_mock"}
    ]
    assert found == []


def kept_texts():
    """Every text file that is part of the repository."""
    kinds = {
        ".py",
        ".md",
        ".toml",
        ".yaml",
        ".yml",
        ".txt",
        ".html",
        ".css",
        ".js",
        ".json",
        ".sh",
        ".cfg",
        "",
    }
    skipped = {".git", ".venv", "node_modules", "build", "dist"}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(
            part in skipped or part.endswith((".egg-info", "_cache", "__pycache__")) for part in parts
        )
        if path.is_file() and not hidden and ".hypothesis" not in parts and path.suffix in kinds:
            yield path


def test_no_file_names_a_path_of_this_machine():
    here = re.compile("|".join([r"/(?:work|tmp)/[a-z]+/", r"/root/", r"/home/[a-z]+/", re.escape(str(ROOT))]))
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in kept_texts()
        if path != Path(__file__)
        for match in [here.search(path.read_text(encoding="utf-8", errors="ignore"))]
        if match
    ]
    assert found == []
