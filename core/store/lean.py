"""SQLAlchemy's asyncio without its ORM, which we don't use and which is a third of what SQLAlchemy loads.

`sqlalchemy.ext.asyncio` loads its sessions, and with them the ORM, whenever anything in it is imported. Here
the package is registered without being run; whoever asks it for more than connections (a library, say) has
it run then, and finds everything. With SQLAlchemy 2.1, as pyproject.toml has it.
"""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

_NAME = "sqlalchemy.ext.asyncio"
_MODULES = frozenset(("base", "engine", "exc", "result", "scoping", "session"))  # imported, not asked for
_OF_ENGINE = frozenset(("AsyncConnection", "AsyncEngine", "create_async_engine"))


def load() -> None:
    """Register the package, unless it is loaded or can't be found as we know it: then it stays as it is."""
    spec = None if _NAME in sys.modules else find_spec(_NAME)
    if spec is None or spec.loader is None:
        return
    run = spec.loader.exec_module
    package = module_from_spec(spec)

    def found(name: str) -> Any:
        if name in _OF_ENGINE:
            return getattr(import_module(f"{_NAME}.engine"), name)
        if name in _MODULES or name.startswith("__"):
            raise AttributeError(f"module {_NAME!r} has no attribute {name!r}", name=name, obj=package)
        if package.__dict__.pop("__getattr__", None) is not None:
            run(package)
        return getattr(package, name)

    package.__dict__["__getattr__"] = found
    sys.modules[_NAME] = package
