"""The Azure CLI in this process, loaded once. What only Azure can do is done by a fake; all else is real:
the parsing of arguments, --query and --output, exit codes, and what storage commands do to Azurite."""

import contextlib
import io
import json
import logging
import os
from pathlib import Path

# What is run for real, against the account that the environment names.
AT_THE_ACCOUNT = {"storage container create", "storage queue create", "storage container list", "storage queue list"}

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"


class Parsed(BaseException):
    """Ends a command that was only to be parsed. No Exception, or az would report it."""


class RealAz:
    def __init__(self, home, azure):
        self.azure, self.only_parse, self.parsed = azure, False, set()
        home = Path(home)
        home.mkdir()
        user = {"name": "somebody", "type": "user"}
        account = {"id": SUBSCRIPTION, "name": "check", "state": "Enabled", "isDefault": True, "user": user,
                   "tenantId": SUBSCRIPTION, "environmentName": "AzureCloud", "managedByTenants": []}
        (home / "azureProfile.json").write_text(json.dumps({"subscriptions": [account]}))
        os.environ.update(AZURE_CONFIG_DIR=str(home), AZURE_EXTENSION_DIR=str(home / "extensions"),
                          AZURE_EXTENSION_USE_DYNAMIC_INSTALL="no", AZURE_CORE_COLLECT_TELEMETRY="no",
                          AZURE_CORE_ONLY_SHOW_ERRORS="yes", AZURE_CORE_NO_COLOR="yes")
        from azure.cli.core import get_default_cli
        from azure.cli.core.azclierror import ResourceNotFoundError
        from azure.cli.core.commands import AzCliCommandInvoker
        from knack.events import EVENT_INVOKER_POST_PARSE_ARGS
        from knack.util import CLIError

        self.not_found, self.error = ResourceNotFoundError, CLIError
        self.make_cli, self.event = get_default_cli, EVENT_INVOKER_POST_PARSE_ARGS
        really = AzCliCommandInvoker._run_job

        def run_job(invoker, expanded_arg, command):
            if command.name in AT_THE_ACCOUNT:
                return really(invoker, expanded_arg, command)
            return self.from_azure(command.name)

        AzCliCommandInvoker._run_job = run_job

    def after_parsing(self, _cli, command, **_):
        self.parsed.add(command)
        if self.only_parse:
            raise Parsed

    def from_azure(self, command):
        try:
            return self.azure.answer(command, self.options)
        except KeyError as missing:
            raise self.not_found(f"(ResourceNotFound) {missing} was not found.") from missing
        except PermissionError as refusal:
            raise self.error(str(refusal)) from refusal

    def run(self, arguments, environment):
        """Exit code, output and errors of `az ARGUMENT...`."""
        self.options = dict(pairs(arguments))
        # A command that fails leaves its --query behind for the next, so each has a fresh one.
        cli = self.make_cli()
        cli.register_event(self.event, self.after_parsing)
        out, err = io.StringIO(), io.StringIO()
        old = dict(os.environ)
        os.environ.update(environment)
        log_to(err)
        try:
            with contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
                code = cli.invoke(list(arguments), out_file=out)
        except Parsed:
            code = 0
        except SystemExit as end:
            code = end.code
        finally:
            os.environ.clear()
            os.environ.update(old)
        return code, out.getvalue(), err.getvalue()


def log_to(stream):
    """az says its errors through a log, whose handlers keep the stream that they began with."""
    for logger in [logging.root, *logging.root.manager.loggerDict.values()]:
        for handler in getattr(logger, "handlers", []):
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                handler.setStream(stream)


def pairs(arguments):
    """`--name value` of a command line; an option with nothing behind it is True."""
    for index, word in enumerate(arguments):
        if word.startswith("--"):
            following = arguments[index + 1:index + 2]
            yield word[2:], following[0] if following and not following[0].startswith("--") else True
