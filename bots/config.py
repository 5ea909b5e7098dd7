"""The configuration as typed values, checked as a whole, with every problem said in one line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from bots.platforms import PLATFORMS, route_keys, settings_type
from bots.yaml_file import ConfigError, read
from core.router import PlaceFilter, Route
from core.settings import (
    AppSettings,
    ConversationSettings,
    DifySettings,
    FeedbackSettings,
    Name,
    Section,
    ServerSettings,
    StoreSettings,
)

_MENDS = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not a key that exists here: remove it, or see config.example.yaml for the names",
    "too_short": "is empty: fill it in",
    "string_too_short": "is empty: fill it in",
}
_TYPES = {
    "string": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "dict": "a section with keys", "model": "a section with keys", "list": "a list",
}  # fmt: skip


def _person(text: str) -> str:
    platform, _, person = text.strip().partition(":")
    if platform not in PLATFORMS or not (person.isascii() and person.isalnum()):
        raise ValueError(
            "must be PLATFORM:ID, such as slack:U024BE7LH or discord:80351110224678912 (an id, not a name)"
        )
    return f"{platform}:{person}"


PersonId = Annotated[str, AfterValidator(_person)]


class RouteSettings(BaseModel):
    """One route: an app, and where it answers; platforms are its further keys."""

    model_config = ConfigDict(extra="allow", frozen=True)

    app: str
    dm: bool | None = None


class LogSettings(Section):
    """What is logged, and in which form; `--verbose` wins over the level."""

    format: Literal["text", "json"] = "text"
    level: Literal["error", "warning", "info", "debug"] = "info"


class CoreConfig(BaseModel):
    """Every section but the platforms'."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dify: DifySettings = DifySettings()
    apps: dict[Name, AppSettings] = Field(min_length=1)
    routes: list[RouteSettings] = Field(min_length=1)
    store: StoreSettings = StoreSettings()
    conversations: ConversationSettings = ConversationSettings()
    server: ServerSettings = ServerSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    log: LogSettings = LogSettings()
    admins: list[PersonId] = []


class Config:
    """A checked configuration."""

    def __init__(self, core: CoreConfig, platforms: Mapping[str, Any], folder: Path) -> None:
        self.core = core
        self.platforms = platforms  # name → its settings; only those that are configured
        self.folder = folder  # relative paths start here

    @property
    def routes(self) -> list[Route]:
        """The routes as the core takes them."""
        return [
            Route(route.app, {name: _filter(value) for name, value in _extra(route).items()}, route.dm)
            for route in self.core.routes
        ]

    @property
    def admins(self) -> frozenset[str]:
        """Who may do what only admins may, as PLATFORM:ID."""
        return frozenset(self.core.admins)

    @property
    def store_url(self) -> str:
        """The store's URL; the path of a file made absolute."""
        url = self.core.store.url
        if not url.startswith("sqlite:"):
            return url.replace("postgres://", "postgresql://", 1)
        path = url.removeprefix("sqlite:///")
        return f"sqlite:///{(self.folder / path).absolute()}"


def load(file: Path) -> Config:
    """Read and check the file. Raises ConfigError."""
    return parse(read(file), file)


def parse(values: dict[str, Any], file: Path) -> Config:
    """Check values as they would stand in the file. Raises ConfigError."""
    fields: dict[str, Any] = {name: (settings_type(name) | None, None) for name in PLATFORMS}
    model = create_model("Config", __base__=CoreConfig, **fields)
    try:
        config = model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(file, [_problem(detail) for detail in error.errors(include_url=False)]) from None
    platforms = {name: value for name in PLATFORMS if (value := getattr(config, name)) is not None}
    problems = _route_problems(config) + _admin_problems(config) + _decider_problems(config)
    if not platforms:
        problems.append(f"no platform is configured: add a section {' or '.join(PLATFORMS)}")
    if problems:
        raise ConfigError(file, problems)
    return Config(config, platforms, file.parent)


def parse_section(platform: str, values: dict[str, Any], file: Path) -> Any:
    """Check one platform's section alone. Raises ConfigError."""
    try:
        return settings_type(platform).model_validate(values)
    except ValidationError as error:
        details = [
            {**detail, "loc": (platform, *detail["loc"])} for detail in error.errors(include_url=False)
        ]
        raise ConfigError(file, [_problem(detail) for detail in details]) from None


def _problem(detail: Any) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    kind = str(detail["type"])
    if kind in _MENDS:
        return f"{path}: {_MENDS[kind]}"
    if kind == "string_pattern_mismatch":
        return f"{path}: must look like {detail['ctx']['pattern'].strip('^$')} (see config.example.yaml)"
    expected = _TYPES.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if expected:
        return f"{path}: must be {expected}"
    return f"{path}: {str(detail['msg']).removeprefix('Value error, ')}"


def _extra(route: RouteSettings) -> dict[str, Any]:
    return route.__pydantic_extra__ or {}


def _filter(value: Mapping[str, Any]) -> PlaceFilter:
    lists = {key: frozenset(map(str, values)) for key, values in value.items() if key != "dm"}
    return PlaceFilter(lists, value.get("dm"))


def _route_problems(config: CoreConfig) -> list[str]:
    problems: list[str] = []
    for index, route in enumerate(config.routes):
        path = f"routes.{index}"
        if route.app not in config.apps:
            known = ", ".join(config.apps)
            problems.append(f"{path}.app: there is no app {route.app!r}: use one of {known}")
        for name, value in _extra(route).items():
            problems += _platform_problems(f"{path}.{name}", name, value)
            if name in PLATFORMS and getattr(config, name) is None:
                problems.append(f"{path}.{name}: {name} is not configured: add its section, or remove this")
    return problems


def _admin_problems(config: CoreConfig) -> list[str]:
    return [
        f"apps.{name}.human_input: only admins may decide, and there are none: "
        "list them in `admins`, or write asker or channel, or who may"
        for name, app in config.apps.items()
        if app.human_input == "admins" and not config.admins
    ]


def _decider_problems(config: CoreConfig) -> list[str]:
    problems: list[str] = []
    for app, settings in config.apps.items():
        rule = settings.human_input
        for name, value in rule.items() if isinstance(rule, dict) else ():
            path = f"apps.{app}.human_input.{name}"
            problems += _platform_problems(path, name, value, further=())
            if name in PLATFORMS and getattr(config, name) is None:
                problems.append(f"{path}: {name} is not configured: add its section, or remove this")
            elif value == {}:
                problems.append(f"{path}: says nobody: list users or the like, or write channel for all")
        if rule == {}:
            problems.append(f"apps.{app}.human_input: says nobody: write asker, channel, admins, or who may")
    return problems


def _platform_problems(path: str, name: str, value: Any, further: Sequence[str] = ("app", "dm")) -> list[str]:
    """`further`: what may stand beside the platforms; `dm` also within them."""
    if name not in PLATFORMS:
        return [f"{path}: is not a key that exists here: use {', '.join((*further, *PLATFORMS))}"]
    if not isinstance(value, dict):
        return [f"{path}: must be a section such as {{channels: [ID]}}"]
    allowed = route_keys(name)
    known = sorted(allowed) + [key for key in further if key == "dm"]
    problems = [
        f"{path}.{key}: is not a key that exists here: use {', '.join(known[:-1])} or {known[-1]}"
        for key in value
        if key not in known
    ]
    if "dm" in known and not isinstance(value.get("dm", True), bool):
        problems.append(f"{path}.dm: must be true or false")
    wrong = [key for key in value if key in allowed and not isinstance(value[key], list)]
    return problems + [f"{path}.{key}: must be a list of ids" for key in wrong]
