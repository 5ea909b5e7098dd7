"""Reading the configuration file: YAML without duplicate keys, then variables put into its scalars."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

# what config.example.yaml takes from the environment, for files that leave the key out
_STORE = ("store", "url", "PARLEY_STORE_URL")
_LEFT_OUT = (_STORE, ("log", "format", "PARLEY_LOG_FORMAT"))
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})")


class ConfigError(Exception):
    """The configuration can't be used; one line per problem, each with what to write instead."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """YAML that says so where a key stands twice, instead of taking the last."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(
                None, None, "a key must be a plain word; text with { } needs quotes", key_node.start_mark
            )
        if key in seen:
            mark = key_node.start_mark
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice: give each its own name", mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(
    file: Path, environment: Mapping[str, str] | None = None, *, incomplete: bool = False
) -> dict[str, Any]:
    """The file's values, variables expanded (`incomplete`: missing ones empty). Raises ConfigError."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        mend = "copy config.example.yaml to it, or name another with --config or $PARLEY_CONFIG"
        raise ConfigError(file, [f"can't be read ({error.strerror}): {mend}"]) from None
    except UnicodeDecodeError:
        raise ConfigError(file, ["is not UTF-8 text: save it as UTF-8"]) from None
    try:
        values = yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(file, [_yaml_problem(error)]) from None
    except yaml.YAMLError:
        raise ConfigError(file, ["is not YAML: see config.example.yaml"]) from None
    if not isinstance(values, dict):
        raise ConfigError(file, ["must hold sections such as `apps:`: see config.example.yaml"])
    problems: list[str] = []
    variables = _variables(file, environment)
    expanded = _expand(values, variables, "", problems)
    problems += _other_store(expanded, variables)
    if problems and not incomplete:
        raise ConfigError(file, problems)
    return _left_out(expanded, variables)


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    if mark and mark.buffer and "${" in mark.buffer.splitlines()[mark.line]:
        return f'{where}a variable inside {{ }} needs quotes: write "${{NAME}}"'
    return f"{where}{error.problem or 'is not YAML'}: see config.example.yaml"


def _variables(file: Path, environment: Mapping[str, str] | None) -> dict[str, str]:
    try:
        beside = {key: value or "" for key, value in dotenv_values(file.parent / ".env").items()}
    except UnicodeDecodeError:
        raise ConfigError(file.parent / ".env", ["is not UTF-8 text: save it as UTF-8"]) from None
    return beside | dict(os.environ if environment is None else environment)


def _other_store(values: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[str]:
    """Processes that were to share a store, and each have one, would answer everything twice."""
    section, key, name = _STORE
    inner = values.get(section)
    if isinstance(inner, dict) and variables.get(name) and inner.get(key, variables[name]) != variables[name]:
        yield f"{section}.{key}: is not what {name} says: write ${{{name}}}, or unset the variable"


def _left_out(values: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    whole = dict(values)
    for section, key, name in _LEFT_OUT:
        inner = whole.get(section, {})
        if variables.get(name) and isinstance(inner, dict):
            whole[section] = {key: variables[name], **inner}
    return whole


def _expand(value: Any, variables: Mapping[str, str], path: str, problems: list[str]) -> Any:
    match value:
        case dict():
            return {
                key: _expand(inner, variables, f"{path}.{key}" if path else str(key), problems)
                for key, inner in value.items()
            }
        case list():
            return [_expand(inner, variables, f"{path}.{i}", problems) for i, inner in enumerate(value)]
        case str():
            problems += _missing(value, variables, path)
            return _VARIABLE.sub(lambda match: _value(match, variables), value)
        case _:
            return value


def _missing(value: str, variables: Mapping[str, str], path: str) -> Iterator[str]:
    for match in _VARIABLE.finditer(value):
        name = match["name"]
        if name and match["default"] is None and name not in variables:
            yield f"{path}: the variable {name} is not set: export it, or put it into .env beside the file"


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["name"] is None:
        return "$"
    return variables.get(match["name"]) or match["default"] or ""
