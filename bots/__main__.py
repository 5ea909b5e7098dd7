"""The commands: `parley run`, `check`, `demo`, `slack-manifest`, `forget`, …; also as `python -m bots …`."""

import argparse
import asyncio
import errno
import gc
import json
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from runpy import run_module
from typing import TYPE_CHECKING

from bots.logs import set_up
from bots.platforms import PLATFORMS
from bots.yaml_file import ConfigError, read
from core.errors import ParleyError

# What a command needs is imported in it: --help and bench need nothing, and `run` loads with care.
if TYPE_CHECKING:
    from bots.config import Config

log = logging.getLogger("bots")

COLLECTED_AFTER = (10_000, 20, 100)  # the usual 700 made pauses of 250 ms with a thousand answers at once


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Exit codes: 0 done, 1 it found a problem, 2 wrong usage or configuration."""
    parser = _parser()
    options, further = parser.parse_known_args(arguments)
    if options.command is _bench:
        options.arguments = [*further, *options.arguments]
    elif further:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    set_up(verbose=options.verbose, quiet=options.command in {_demo, _bench})
    try:
        code: int = options.command(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (ParleyError, OSError) as error:
        busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        mend = ": set another with --port (demo) or server.listen (run)" if busy else ""
        _complain(options, f"{error}{mend}")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley", description="Your Dify apps, in Slack and Discord.")
    parser.add_argument("--verbose", action="store_true", help="log details; they may hold what people wrote")
    parser.set_defaults(structured=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, summary in (
        ("run", _run, "run the bot"),
        ("check", _check, "say what would not work with this configuration, and how to mend it"),
        ("slack-manifest", _slack_manifest, "print the Slack app manifest, ready to paste"),
        ("discord-sync", _discord_sync, "register the commands at Discord (run does it too)"),
    ):
        sub = commands.add_parser(name, help=summary, description=summary)
        _add_config(sub)
        sub.set_defaults(command=command)
    _add_forget(commands.add_parser("forget", help="erase a person here, and their conversations at Dify"))
    _add_backup(commands.add_parser("backup", help="copy the SQLite store, also while the bot runs"))
    _add_demo(commands.add_parser("demo", help="try it without any account, token or network"))
    # It has a parser of its own, for help too.
    bench = commands.add_parser("bench", help="run the benchmarks of a checkout", add_help=False)
    bench.add_argument("arguments", nargs=argparse.REMAINDER)
    bench.set_defaults(command=_bench)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="else $PARLEY_CONFIG, else config.yaml")


def _add_forget(forget: argparse.ArgumentParser) -> None:
    forget.add_argument(
        "--user", type=_user, required=True, metavar="PLATFORM:ID", help="such as slack:U024BE7LH"
    )
    _add_config(forget)
    forget.set_defaults(command=_forget)


def _add_backup(backup: argparse.ArgumentParser) -> None:
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; must not exist yet")
    _add_config(backup)
    backup.set_defaults(command=_backup)


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--port", type=_port, default=8700, help="of the web page (default 8700)")
    demo.add_argument("--dify-url", metavar="URL", help="a real Dify instead of the sandbox's")
    demo.add_argument("--dify-key", metavar="KEY", help="the API key of your app there")
    demo.add_argument("--script", action="store_true", help="play a short conversation in the terminal")
    demo.set_defaults(command=_demo, parser=demo)


def _port(text: str) -> int:
    from core.settings import MAX_PORT  # noqa: PLC0415

    port = int(text)
    if not 0 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number up to {MAX_PORT}")
    return port


def _user(text: str) -> tuple[str, str]:
    platform, _, person = text.strip().partition(":")
    if platform not in PLATFORMS or not person:
        raise argparse.ArgumentTypeError(
            "must be PLATFORM:ID, such as slack:U024BE7LH or discord:80351110224678912"
        )
    return platform, person


def _file(options: argparse.Namespace) -> Path:
    return options.config or Path(os.environ.get("PARLEY_CONFIG", "config.yaml"))


def _config(options: argparse.Namespace) -> "Config":
    from bots.config import load  # noqa: PLC0415

    config = load(_file(options))
    settings = config.core.log
    options.structured = settings.format == "json"
    set_up(verbose=options.verbose, level=settings.level, structured=options.structured)
    return config


def _complain(options: argparse.Namespace, problem: str) -> None:
    """Say why a command failed: to a person, or (`log.format: json`) to what reads the log."""
    if options.structured:
        log.error("%s", problem)
    else:
        print(f"parley: {problem}", file=sys.stderr)


def _run(options: argparse.Namespace) -> int:
    gc.disable()  # of what is loaded nothing is garbage: to look through it again and again costs a fifth
    try:
        config = _config(options)
        from bots.running import run, stop_on_signals  # noqa: PLC0415 (a config error needs no platforms)

        async def until_stopped() -> int:
            return await run(config, stop_on_signals(), _settle)

        return asyncio.run(until_stopped())
    finally:
        gc.enable()


def _settle(_address: str) -> None:
    """What is loaded by now stays: a full collection of it would hold up acknowledgements for 90 ms."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def _check(options: argparse.Namespace) -> int:
    config = _config(options)
    from bots.checking import check, show  # noqa: PLC0415

    findings = asyncio.run(check(config))
    print(show(findings))
    return 0 if all(finding.ok for finding in findings) else 1


def _forget(options: argparse.Namespace) -> int:
    config = _config(options)
    from bots.forgetting import forget  # noqa: PLC0415

    done = asyncio.run(forget(config, *options.user))
    print(*done.lines(), sep="\n")
    for problem in done.problem_lines():
        _complain(options, problem)
    return 1 if done.problems else 0


def _backup(options: argparse.Namespace) -> int:
    config = _config(options)
    from bots.backup import backup  # noqa: PLC0415

    size = backup(config.store_url, options.file)
    print(f"{options.file}: {size / 1e6:.1f} MB copied")
    return 0


def _slack_manifest(options: argparse.Namespace) -> int:
    # Slack gives the tokens only after the app has been made from this manifest: they may be missing.
    file = _file(options)
    from bots.config import parse_section  # noqa: PLC0415

    values = read(file, incomplete=True) if options.config or file.exists() else {}
    tokens = {"bot_token": "xoxb-", "app_token": "xapp-"}
    settings = parse_section("slack", {**(values.get("slack") or {}), **tokens}, file)
    print(json.dumps(import_module("adapters.slack.manifest").manifest(settings), indent=2))
    return 0


def _discord_sync(options: argparse.Namespace) -> int:
    config = _config(options)
    settings = config.platforms.get("discord")
    if settings is None:
        _complain(options, "discord is not configured: add its section")
        return 2
    from bots.syncing import NotRegistered, sync_discord  # noqa: PLC0415

    try:
        names = asyncio.run(sync_discord(settings))
    except NotRegistered as problem:
        _complain(options, str(problem))
        return 1
    print("registered:", ", ".join(f"/{name}" for name in names))
    return 0


def _demo(options: argparse.Namespace) -> int:
    if bool(options.dify_url) != bool(options.dify_key):
        options.parser.error("--dify-url and --dify-key go together")
    try:
        from bots.demo import demo  # noqa: PLC0415 (the sandbox is loaded only for the demo)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "simulators":
            raise
        print(
            "parley: the sandbox is not in this installation: run `make demo` in a checkout", file=sys.stderr
        )
        return 1

    return asyncio.run(
        demo(
            port=options.port,
            dify_url=options.dify_url,
            dify_key=options.dify_key,
            script=options.script,
        )
    )


def _bench(options: argparse.Namespace) -> int:
    """Run the benchmarks as the program of their own that they are: they use us, not we them."""
    checkout = Path(__file__).parents[1]
    if not (checkout / "bench" / "__main__.py").exists():
        print("parley: the benchmarks are not in this installation: run them in a checkout", file=sys.stderr)
        return 1
    sys.path.insert(0, str(checkout))  # installations that are older than they are do not know them
    sys.argv = ["parley bench", *options.arguments]
    run_module("bench", run_name="__main__")  # ends with SystemExit
    return 0


if __name__ == "__main__":
    sys.exit(main())
