"""`python -m rehearsal.emulated_aws`: start the emulator, or print what a client needs."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

from rehearsal.emulated_aws.client import DEFAULT_ACCOUNT, DEFAULT_REGION, RemoteEndpointError, client_environment
from rehearsal.emulated_aws.settings import SETTINGS


def _image(text: str) -> tuple[re.Pattern[str], str]:
    pattern, separator, command = text.partition("=")
    if not separator or not command.strip():
        raise argparse.ArgumentTypeError(f"{text}: expected <pattern of image URIs>=<shell command>")
    return re.compile(pattern), command


def _quota(text: str) -> tuple[str, float]:
    name, separator, value = text.rpartition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text}: expected <quota name>=<number>")
    return name, float(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulated_aws", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    env = commands.add_parser("env", help="print the environment of a client as shell commands")
    env.add_argument("--endpoint", required=True)
    for each in (parser, env):
        each.add_argument("--account", default=DEFAULT_ACCOUNT, help="account of calls that name none, 12 digits")
        each.add_argument("--region", default=DEFAULT_REGION)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--state", type=Path, help="folder for scratch files; emptied at the end")
    parser.add_argument("--ready-file", type=Path, help="gets the endpoint's URL once it answers")
    parser.add_argument("--image", type=_image, action="append", default=[], metavar="PATTERN=COMMAND")
    parser.add_argument("--quota", type=_quota, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument(
        "--control-plane-only", action="store_true", help="endpoints without processes: invoking one is refused"
    )
    parser.add_argument("--transition-seconds", type=float, default=SETTINGS.transition_seconds)
    parser.add_argument("--bake-seconds", type=float, default=SETTINGS.bake_seconds)
    parser.add_argument("--ping-timeout-seconds", type=float, default=SETTINGS.ping_timeout_seconds)
    parser.add_argument("--record", type=Path, help="file that gets each request of a role's session, one JSON a line")
    parser.add_argument("--log-level", default="WARNING")
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    try:
        environment = client_environment("http://127.0.0.1:1", arguments.account, arguments.region, base={})
        if arguments.command == "env":
            environment = client_environment(arguments.endpoint, arguments.account, arguments.region, base={})
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
            return 0
    except (RemoteEndpointError, ValueError) as fault:
        print(f"emulated_aws: {fault}", file=sys.stderr)
        return 2
    SETTINGS.images, SETTINGS.quotas = arguments.image, dict(arguments.quota)
    SETTINGS.recording = arguments.record
    for name in ("control_plane_only", "transition_seconds", "bake_seconds", "ping_timeout_seconds"):
        setattr(SETTINGS, name, getattr(arguments, name))
    from rehearsal.emulated_aws import launcher

    return launcher.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
