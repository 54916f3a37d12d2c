"""The `tenfold` command: its subcommands, its errors and its exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, TextIO

import click

import tenfold
from tenfold.errors import TenfoldError
from tenfold.evaluate.names import readable

_COMMANDS = {
    "augment": ("tenfold.cli.augment", "augment"),
    "replay": ("tenfold.cli.augment", "replay"),
    "verify": ("tenfold.cli.augment", "verify"),
    "inspect": ("tenfold.cli.look", "inspect"),
    "preview": ("tenfold.cli.look", "preview"),
    "synth": ("tenfold.cli.synth", "synth"),
    "recipe": ("tenfold.cli.recipe", "recipe"),
    "fit": ("tenfold.cli.fit", "fit"),
    "latent": ("tenfold.cli.latent", "latent"),
    "study": ("tenfold.cli.study", "study"),
    "calibrate": ("tenfold.cli.calibrate", "calibrate"),
    "richness": ("tenfold.cli.richness", "richness"),
    "check-leakage": ("tenfold.cli.richness", "check_leakage"),
    "memorisation": ("tenfold.cli.richness", "memorisation"),
    "dataset": ("tenfold.cli.dataset", "dataset"),
    "bench": ("tenfold.cli.bench", "bench"),
}

_EPILOG = """\b
Exit codes:
  0    all is well
  1    done, but some samples were quarantined; or a check found something: a difference
       (replay, verify), a leak (check-leakage), a generator that copies (memorisation)
  2    the request can't be met; nothing was written
  3    the run stopped (disk full, folder gone); repeat it with --resume
  130  interrupted; repeat it with --resume"""


class LazyGroup(click.Group):
    """Imports a subcommand when it is called, so that `tenfold --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Unknown commands come with the nearest known one."""
        from tenfold.errors import did_you_mean

        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command '{args[0]}'{did_you_mean(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(tenfold.__version__, "--version", prog_name="tenfold")
def cli() -> None:
    """Ten times the labelled data, from what may change without changing the label."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code: Any = cli.main(words, prog_name="tenfold", standalone_mode=False, obj=words)
    except TenfoldError as error:
        complain(str(error))
        return error.exit_code
    except click.exceptions.Abort:
        complain("interrupted; repeat the command with --resume to go on")
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone (| head); there is no one left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def command_line() -> list[str]:
    """The command that is running, as it was given."""
    return ["tenfold", *click.get_current_context().obj]


def complain(message: str) -> None:
    """An error on stderr; whatever a file is called can neither break nor disguise it."""
    text = "\n".join(readable(line) for line in message.split("\n"))
    click.echo(_printable(f"tenfold: {text}", sys.stderr), err=True)


def say(message: str = "") -> None:
    """A line on stdout; names in it should be made `readable` first."""
    click.echo(_printable(message, sys.stdout))


def _printable(text: str, stream: TextIO) -> str:
    """`text` with what the terminal's encoding lacks (and undecodable bytes) as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
