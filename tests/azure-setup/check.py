"""Tries scripts/azure-setup.sh without an Azure subscription or a cluster.

Usage: check.py [SCRIPT [CHECK...]], with names of functions from below

The real Azure CLI parses each command; those of storage it runs against a real Azurite on loopback. Azure's
management plane and the cluster are fakes (fakes.py), asked through stand-ins for az and kubectl on the PATH.
"""

import base64
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import azurite
import yaml
from fakes import CONTEXT, ISSUER, FakeAzure, FakeCluster
from real_az import SUBSCRIPTION, RealAz

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parents[1] / "scripts/azure-setup.sh"
# What the script may need besides bash, az and kubectl. Nothing else is on its PATH.
TOOLS = ["bash", "env", "cat", "mkdir", "base64", "tr", "od", "sha256sum", "shasum"]
PATIENCE = 120
# The real one, which renders overlays; the script itself gets a stand-in.
KUBECTL = shutil.which("kubectl")

SERVER_IDENTITY, PIPELINE_IDENTITY = "azure-blob-eventsource", "azure-blob-eventsource-pipeline"
REGISTRY = "registry.example.net:5000/team"
WRITTEN = "# Written by scripts/azure-setup.sh for an installation; change what you want."
WITH_OVERLAY = ["--overlay", "some/overlay", "--registry", REGISTRY]
CONTAINERS = ["datasets", "eventsource-state", "models"]
WITH_ISSUER = ["--workload-identity", "--oidc-issuer", ISSUER]
WITH_AKS = ["--workload-identity", "--aks", "with-issuer", "--aks-resource-group", "clusters"]
NAMES = ["--resource-group", "some(group)", "--location", "northeurope", "--account", "some0account",
         "--namespace", "elsewhere", "--identity", "some-identity"]
DRY_RUNS = [[], ["--with-queue"], WITH_ISSUER, WITH_OVERLAY, [*WITH_ISSUER, *WITH_OVERLAY, "--with-batches"], [*WITH_ISSUER, "--with-queue"], [*WITH_AKS, "--with-queue"],
            [*NAMES, "--with-queue"], [f"{name}={value}" for name, value in zip(NAMES[::2], NAMES[1::2])], [*NAMES, *WITH_AKS, "--with-queue"],
            ["--with-change-feed"], [*WITH_AKS, *WITH_OVERLAY, "--with-queue", "--with-change-feed"],
            ["--delete"], ["--delete", "--workload-identity"], ["--delete", "--delete-resource-group", "--yes", *NAMES]]
# What az must refuse, or this test would prove nothing.
WRONG = ["group make --name x", "group create --name x", "group create --name x --locaton y",
         "storage account create --name x --resource-group y --sku Standard_XYZ",
         "storage container-rm create --name x --storage-acount y",
         "storage account blob-service-properties update --account-name x --resource-group y --enable-change-feed maybe",
         "storage account blob-service-properties update --account-name x --resource-group y --enable-change-feed true --change-feed-retention x",
         "identity federated-credential create --name x --identity-name y --resource-group z --isuer u",
         "eventgrid system-topic event-subscription create --name x --system-topic-name y --resource-group z "
         "--endpoint-type storage-queue"]
# What an overlay is asked for, and how its EventSource finds blobs then.
QUEUE = {"queue": {"name": "dataset-events"}}
OVERLAYS = [([], None),
            (["--with-queue", "--with-batches", "--namespace", "elsewhere"], QUEUE | {"listing": {"interval": "1h"}}),
            (["--with-change-feed"], {"changeFeed": {}}),
            (["--with-change-feed", "--with-queue", "--with-batches"], QUEUE | {"changeFeed": {}})]
# Each with a word of the sentence that it must come to.
REFUSED = [(["--frobnicate"], "--frobnicate"), (["storage"], "storage"), (["--account"], "--account needs a value"),
           (["--account", "--dry-run"], "--account needs a value"), (["--account", "No-Good"], "lower case"),
           (["--account", "ab"], "3 to 24"), (["--account", "a" * 25], "3 to 24"), (["--namespace", "a_b"], "--namespace"),
           (["--resource-group", "dot."], "--resource-group"), (["--location", "West Europe"], "--location"),
           (["--identity", "x y"], "--identity"), (["--workload-identity"], "--aks or --oidc-issuer"),
           ([*WITH_ISSUER, "--aks", "x"], "one of"), (["--workload-identity", "--oidc-issuer", "http://x"], "https"),
           (["--aks", "x"], "--workload-identity"), (["--yes"], "--delete"), (["--delete-resource-group"], "--delete"),
           (["--with-change-feed", "30"], "no option 30"), (["--with-changefeed"], "no option --with-changefeed"),
           (["--delete"], "no terminal"), (["--overlay", "x"], "--registry"), (["--registry", "x"], "--overlay"),
           (["--overlay", "x y", "--registry", "x"], "--overlay is 'x y'"), (["--overlay", "x", "--registry", "X!"], "--registry is"),
           (["--delete", "--yes", *WITH_OVERLAY], "--overlay"),
           (["--account="], "--account needs a value"), (["--account=No-Good"], "--account is 'No-Good'"), (["--frobnicate=1"], "no option --frobnicate:"),
           (["--dry-run=true"], "--dry-run takes no value"), (["--overlay=-x", "--registry=x"], "--overlay is '-x'")]
# Folders that are not for an overlay, each with a word of the sentence. In capitals: this repository.
NOT_FOR_AN_OVERLAY = [("ROOT/manifests/base", "kustomization.yaml that this script did not write"), ("ROOT/examples/azure-keys/", "kustomization.yaml that"),
                      ("ROOT/docs", "this script did not write that"), ("ROOT", "this script did not write that"), ("/", "this script did not write that"),
                      ("ROOT/README.md", "which is a file"), ("ROOT/README.md/below/it", "README.md is a file"), ("nowhere", "which is a file"),
                      ("hidden", "has .gitkeep"), ("empty-file", "has event-source.yaml"), ("half", "has mine.yaml")]


class Check:
    def __init__(self, folder, script, storage):
        self.folder, self.script, self.storage, self.passed = Path(folder), script, storage, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.folder / "socket"))
        self.socket.listen()
        self.az = RealAz(self.folder / "az", None)
        self.tools = self.links("tools", {it: shutil.which(it) for it in TOOLS})
        stand_in = self.folder / "stand-in"
        stand_in.write_text(f"#!{sys.executable} -IS\n" + (HERE / "stand_in.py").read_text())
        stand_in.chmod(0o700)
        self.stand_ins = {it: self.links(it, {it: stand_in}) for it in ("az", "kubectl")}
        self.fresh()

    def links(self, name, programs):
        folder = self.folder / f"path-{name}"
        folder.mkdir()
        for program, path in programs.items():
            if path:
                (folder / program).symlink_to(path)
        return folder

    def fresh(self):
        """An empty subscription, an empty cluster, and no call yet."""
        self.azure = self.az.azure = FakeAzure(self.storage.connection_string, self.storage.key, SUBSCRIPTION)
        self.cluster, self.calls, self.az.only_parse = FakeCluster(), [], False

    def run(self, *options, command=None, without=(), terminal=None, env=None):
        """Exit code and output of the script, both of its outputs together as on a terminal."""
        path = [str(folder) for name, folder in self.stand_ins.items() if name not in without] + [str(self.tools)]
        environment = {"PATH": os.pathsep.join(path), "AZURE_SETUP_CHECK": str(self.folder / "socket"), **(env or {})}
        output = self.folder / "output"
        with output.open("w") as file:
            process = subprocess.Popen(
                command or ["bash", self.script, *options], env=environment, cwd=self.folder, stdout=file, stderr=file,
                stdin=subprocess.DEVNULL if terminal is None else terminal, start_new_session=True)
            try:
                self.serve_until_the_end_of(process)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        return process.returncode, output.read_text()

    def serve_until_the_end_of(self, process):
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None:
            assert time.monotonic() < deadline, "the script takes too long"
            if select.select([self.socket], [], [], 0.02)[0]:
                connection, _ = self.socket.accept()
                with connection, connection.makefile() as lines:
                    answer = dict(zip(("code", "out", "err"), self.answer(json.loads(lines.readline()))))
                    connection.sendall(json.dumps(answer).encode() + b"\n")

    def answer(self, request):
        self.calls.append((request["program"], request["arguments"]))
        if request["program"] == "az":
            return self.az.run(request["arguments"], request["environment"])
        if self.az.only_parse:
            return 0, "", ""
        return self.cluster.run(request["arguments"], request["input"])

    def parses(self, line):
        self.az.only_parse = True
        code, _, err = self.az.run(line if isinstance(line, list) else line.split(), {})
        self.az.only_parse = False
        return code == 0, err

    def names_at_the_account(self, kind):
        environment = {"AZURE_STORAGE_CONNECTION_STRING": self.storage.connection_string}
        code, out, err = self.az.run(["storage", kind, "list", "--output", "json"], environment)
        assert code == 0, err
        return {it["name"]: (it.get("properties") or {}).get("etag") for it in json.loads(out)}

    def snapshot(self):
        at_the_account = {kind: self.names_at_the_account(kind) for kind in ("container", "queue")}
        return self.azure.snapshot(), self.cluster.snapshot(), at_the_account

    def no_secret_in(self, output):
        said = output + "\n".join(" ".join(arguments) for _, arguments in self.calls)
        secrets = [self.storage.key, self.storage.connection_string]
        token = self.cluster.objects.get(("secret", "azure-blob-eventsource-token"))
        secrets += [base64.b64decode(token["data"]["token"]).decode()] if token else []
        for secret in secrets:
            assert secret not in said, "a secret is in an argument or in the output"
            assert base64.b64encode(secret.encode()).decode() not in said, "a secret in base64 is in an argument or in the output"

    def ok(self, what):
        self.passed += 1
        print(f"ok   {what}", flush=True)


# --- the checks ---------------------------------------------------------------------------------

def shellcheck(check):
    if not shutil.which("shellcheck"):
        raise AssertionError("there is no shellcheck on the PATH")
    found = subprocess.run(["shellcheck", check.script], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    check.ok("ShellCheck has nothing to say")


def az_refuses_wrong_lines(check):
    for line in WRONG:
        accepted, _ = check.parses(line)
        assert not accepted, f"az takes this: az {line}"
    check.ok(f"az refuses {len(WRONG)} wrong lines")


def dry_runs(check):
    """What a dry run prints is run as a script, with an az that only parses; so it can be pasted as well."""
    lines = set()
    check.az.parsed.clear()
    for options in DRY_RUNS:
        code, text = check.run("--dry-run", *options, without=("az", "kubectl"))
        assert code == 0, text
        for secret in (check.storage.key, check.storage.connection_string):
            assert secret not in text
        lines |= parse_printed(check, text)
    check.ok(f"az parses {len(lines)} lines of {len(check.az.parsed)} commands, which {len(DRY_RUNS)} dry runs print")


def parse_printed(check, text):
    """Runs the lines of a dry run, and the az lines among the words at the end."""
    script = re.sub(r"^(?:#    )? +(az .*)$", r"\1", text, flags=re.M)
    check.calls, check.az.only_parse = [], True
    code, said = check.run(command=["bash", "-euc", script])
    check.az.only_parse = False
    assert code == 0, said
    lines = {" ".join(arguments) for program, arguments in check.calls if program == "az"}
    # A line that was printed and not run would have gone unnoticed.
    assert len([it for it in check.calls if it[0] == "az"]) == len(re.findall(r"^(?:AZURE\w+=\S+ )?az |\$\(az ", script, re.M))
    return lines


def refusals(check):
    check.fresh()
    for options, words in REFUSED:
        code, said = check.run(*options)
        assert code == 2 and words in said and said.count("\n") == 1, f"{options}: {code}, {said}"
        assert not [it for it in check.calls if "create" in it[1] or "delete" in it[1]], check.calls
        check.calls.clear()
    for name, text in [("hidden/.gitkeep", ""), ("empty-file/event-source.yaml", ""), ("half/event-source.yaml", f"{WRITTEN}\n"), ("half/mine.yaml", "mine")]:
        check.folder.joinpath(name).parent.mkdir(exist_ok=True)
        check.folder.joinpath(name).write_text(text)
    check.folder.joinpath("nowhere").symlink_to("not-there")
    for folder, words in NOT_FOR_AN_OVERLAY:
        folder = folder.replace("ROOT", str(SCRIPT.parents[1]))
        for more in ([], ["--dry-run"]):
            code, said = check.run(f"--overlay={folder}", f"--registry={REGISTRY}", *more)
            assert code == 2 and words in said and said.count("\n") == 1 and "new or empty" in said, f"{folder}: {code}, {said}"
            assert not check.calls, check.calls
    code, said = check.run("--help")
    assert code == 0 and said.count("\n") > 15, said
    check.ok(f"{len(REFUSED) + len(NOT_FOR_AN_OVERLAY)} wrong command lines end with 2 and one sentence each, and --help explains")


def surroundings(check):
    code, said = check.run(without=["az"])
    assert code == 1 and "no az" in said and said.count("\n") == 1, said
    code, said = check.run(without=["kubectl"])
    assert code == 1 and "no kubectl" in said and said.count("\n") == 1, said
    check.azure.logged_in = False
    code, said = check.run()
    assert code == 1 and "az login" in said and said.count("\n") == 1, said
    check.fresh()
    check.cluster.context = None
    code, said = check.run()
    assert code == 1 and "no current context" in said and said.count("\n") == 1, said
    check.fresh()
    code, said = check.run("--workload-identity", "--aks", "without-issuer")
    assert code == 1 and "--enable-oidc-issuer" in said and not check.azure.resources, said
    line = said.partition("issuer: ")[2].strip().removeprefix("az ")
    assert check.parses(line)[0], f"az does not take what is advised: {line}"
    check.ok("without az, a login, kubectl, a context or an OIDC issuer it says what to do, and does nothing")


def with_keys(check):
    check.fresh()
    # Whatever the caller's environment names is another account.
    elsewhere = {"AZURE_STORAGE_KEY": "bm9uZQ==", "AZURE_STORAGE_ACCOUNT": "another", "AZURE_STORAGE_AUTH_MODE": "login"}
    code, said = check.run("--with-queue", env=elsewhere)
    assert code == 0, said
    check.no_secret_in(said)
    assert sorted(check.names_at_the_account("container")) == CONTAINERS, check.names_at_the_account("container")
    assert list(check.names_at_the_account("queue")) == ["dataset-events", "dataset-events-poison"]
    name, account = only(check.azure, "storage account")
    assert re.fullmatch("mlpipeline[0-9a-f]{12}", name), name
    wanted = {"sku": "Standard_LRS", "kind": "StorageV2", "https-only": "true", "min-tls-version": "TLS1_2",
              "allow-blob-public-access": "false", "allow-shared-key-access": "true"}
    assert wanted.items() <= account.items(), account
    _, subscription = only(check.azure, "eventgrid system-topic event-subscription")
    assert subscription["subject-begins-with"] == "/blobServices/default/containers/datasets/", subscription
    assert check.azure.registered == {"Microsoft.Storage", "Microsoft.EventGrid"}
    namespace = check.cluster.objects["namespace", "ml-pipelines"]
    assert namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert secrets(check) == {
        "azure-storage": {"azure-storage": check.storage.connection_string},
        "ml-pipeline-storage": {"account-key": check.storage.key},
        "azure-blob-eventsource-token": {"token": secrets(check)["azure-blob-eventsource-token"]["token"]},
    }
    assert re.fullmatch("[0-9a-f]{64}", secrets(check)["azure-blob-eventsource-token"]["token"])
    says_how_to_apply(check, said, name)
    check.ok("with keys: account, containers, queue, subscription, namespace and Secrets; no secret in sight")


def again(check):
    before = check.snapshot()
    check.calls.clear()
    code, said = check.run("--with-queue")
    assert code == 0, said
    check.no_secret_in(said)
    assert check.snapshot() == before, "a second run changes something"
    made = [" ".join(it) for program, it in check.calls if program == "az" and "create" in it]
    assert not [it for it in made if it.startswith(("group", "storage account"))], made
    check.ok("a second run succeeds, changes nothing and keeps the token")


def a_new_key(check):
    check.fresh()
    assert check.run()[0] == 0
    check.azure.key = check.azure.connection_string = "rotated"
    assert check.run()[0] == 1, "Azurite takes a connection string that is none"
    check.azure.key, check.azure.connection_string = base64.b64encode(b"new").decode(), check.storage.connection_string
    code, said = check.run()
    assert code == 0 and secrets(check)["ml-pipeline-storage"] == {"account-key": check.azure.key}, said
    check.ok("a rotated key reaches the Secret, and a wrong one ends the run")


def lifecycle_rules(check):
    """Rules as `az storage account management-policy show` has them: a prefixMatch may be missing."""
    check.fresh()
    code, said = check.run()
    assert code == 0 and "there are none" in said, said
    def rule(name, prefixes, enabled=True):
        return {"name": name, "enabled": enabled, "definition": {"filters": {"prefixMatch": prefixes}}}
    harmless = [rule("others", ["datasets/", "models/old"]), rule("off", None, enabled=False), rule("alike", ["eventsource-state2/"])]
    check.azure.puts["management policy"] = harmless
    code, said = check.run()
    assert code == 0 and "there are none" in said, said
    harmful = [rule("everything", None), rule("letter", ["datasets/", "event"]), rule("below", ["eventsource-state/x"])]
    check.azure.puts["management policy"] = harmless + harmful
    code, said = check.run()
    found = re.findall(r"the rule (\S+): give it a prefixMatch", said)
    assert code == 0 and found == ["everything", "letter", "below"], said
    check.ok("lifecycle rules that would delete what the server remembers are told, and others are not")


def a_change_feed(check):
    wanted = {"enabled": True, "retentionInDays": 30}
    for mode in ([], WITH_ISSUER):
        check.fresh()
        assert check.run(*mode)[0] == 0
        name, _ = only(check.azure, "storage account")
        before = set(check.azure.roles)
        assert ("change feed", name) not in check.azure.puts, "it is on, and nobody asked for it"
        code, said = check.run(*mode, "--with-change-feed")
        assert code == 0 and "tells nothing for an hour or two" in said, said
        check.no_secret_in(said)
        assert check.azure.puts["change feed", name] == wanted, check.azure.puts
        account = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml-pipelines/providers/Microsoft.Storage/storageAccounts/{name}"
        more = {(f"principal-of-{SERVER_IDENTITY}", "Storage Blob Data Reader", account)} if mode else set()
        assert set(check.azure.roles) - before == more, check.azure.roles
        says_how_to_apply(check, said, name)
        first = check.snapshot()
        # One that was switched off is switched on again; one that is on keeps the retention that somebody chose.
        check.azure.puts["change feed", name] = {"enabled": False, "retentionInDays": None}
        code, said = check.run(*mode, "--with-change-feed")
        assert code == 0 and check.snapshot() == first, said
        for days, words in [(None, "keeps everything"), (3, "for 3 days"), (30, "for 30 days")]:
            check.azure.puts["change feed", name] = {"enabled": True, "retentionInDays": days}
            code, said = check.run(*mode, "--with-change-feed")
            assert code == 0 and words in said and "hour or two" not in said, said
            assert check.azure.puts["change feed", name]["retentionInDays"] == days, "another's retention was changed"
        assert check.snapshot() == first, "a second run changes something"
    check.ok("a change feed is switched on once, with 30 days and, without keys, one role; what is on stays as it is")


def no_change_feed_in_a_hierarchy(check):
    for mode in ([], WITH_ISSUER):
        check.fresh()
        check.azure.create("group", {"name": "ml-pipelines"})
        check.azure.create("storage account", {"name": "lake", "resource-group": "ml-pipelines", "location": "x",
                                               "allow-shared-key-access": "true", "enable-hierarchical-namespace": "true"})
        before = check.azure.snapshot()[0], check.azure.roles.copy(), check.cluster.snapshot()
        code, said = check.run("--account", "lake", "--with-change-feed", *mode)
        told = [it for it in said.splitlines() if it.startswith("azure-setup: ")]
        assert code == 1 and len(told) == 1 and said.endswith(told[0] + "\n"), said
        assert "hierarchical namespace" in told[0] and "--with-queue" in told[0] and "--account" in told[0], said
        assert (check.azure.snapshot()[0], check.azure.roles, check.cluster.snapshot()) == before, "something was made"
        assert not check.azure.puts, check.azure.puts
        assert check.run("--account", "lake", "--with-queue", *mode)[0] == 0, "what is advised does not work"
    check.ok("an account with a hierarchical namespace has no change feed: one sentence with the cure, and nothing is made")


def an_account_of_others(check):
    check.fresh()
    options = {"name": "others", "resource-group": "ml-pipelines", "location": "x", "allow-shared-key-access": "true"}
    check.azure.create("group", {"name": "ml-pipelines"})
    check.azure.create("storage account", options)
    before = check.azure.show("storage account", options).copy()
    code, said = check.run("--account", "others", *WITH_ISSUER)
    assert code == 0 and "still allows keys" in said, said
    assert check.azure.show("storage account", options) == before, "an account of others was changed"
    assert any("account update" in it for it in parse_printed(check, said_commands(said)))
    code, said = check.run("--account", "others", "--delete", "--yes")
    assert code == 0 and "was not made here" in said, said
    assert [it for it in check.azure.resources if it[0] in ("group", "storage account")] == list(check.azure.resources), said
    check.azure.resources["storage account", "others"]["allowSharedKeyAccess"] = False
    code, said = check.run("--account", "others")
    assert code == 1 and "--workload-identity" in said, said
    check.ok("an account and a group of others stay as they are, also with --delete")


def without_keys(check):
    check.fresh()
    for round in range(2):
        code, said = check.run("--with-queue", *WITH_AKS)
        assert code == 0, said
        check.no_secret_in(said)
        if round == 0:
            first, calls = check.snapshot(), list(check.calls)
    assert check.snapshot() == first, "a second run changes something"
    assert not [it for _, it in calls if "keys" in it or "show-connection-string" in it], "a key was asked for"
    name, account = only(check.azure, "storage account")
    assert account["allow-shared-key-access"] == "false", account
    below = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml-pipelines/providers/Microsoft.Storage/storageAccounts/{name}"
    blobs, queue = f"{below}/blobServices/default/containers", f"{below}/queueServices/default/queues/dataset-events"
    # Neither writes what only the other has to.
    server, pipeline = f"principal-of-{SERVER_IDENTITY}", f"principal-of-{PIPELINE_IDENTITY}"
    assert set(check.azure.roles) == {
        (server, "Storage Blob Data Reader", f"{blobs}/datasets"),
        (server, "Storage Blob Data Contributor", f"{blobs}/eventsource-state"),
        (server, "Storage Queue Data Contributor", queue),
        (server, "Storage Queue Data Contributor", f"{queue}-poison"),
        (pipeline, "Storage Blob Data Reader", f"{blobs}/datasets"),
        (pipeline, "Storage Blob Data Contributor", f"{blobs}/models"),
        ("principal-of-topic", "Storage Queue Data Message Sender", queue),
    }, check.azure.roles
    assert credentials(check) == {
        (SERVER_IDENTITY, "system:serviceaccount:ml-pipelines:azure-blob-eventsource", ISSUER, "api://AzureADTokenExchange"),
        (PIPELINE_IDENTITY, "system:serviceaccount:ml-pipelines:ml-pipeline", ISSUER, "api://AzureADTokenExchange"),
    }, credentials(check)
    assert "rights of the pipeline" not in said, said
    body = next(it for url, it in check.azure.puts.items() if "eventSubscriptions" in url)["properties"]
    assert body["deliveryWithResourceIdentity"]["destination"]["properties"]["resourceId"] == below
    assert list(secrets(check)) == ["azure-blob-eventsource-token"], secrets(check)
    says_how_to_apply(check, said, name)
    check.ok("--workload-identity, twice: two identities, six roles, no key, and nothing but the token as a Secret")


def an_overlay(check):
    """What is written renders, holds the names of this installation, and is for nobody else's."""
    if not KUBECTL:
        print("not tried: overlays, because kubectl is missing")
        return
    for mode, credential in [([], True), (WITH_ISSUER, False)]:
        for more, wanted in OVERLAYS:
            check.fresh()
            folder = check.folder / "some/overlay"
            shutil.rmtree(folder, ignore_errors=True)
            code, said = check.run(*mode, *more, *WITH_OVERLAY)
            assert code == 0 and "kubectl apply -k some/overlay\n" in said, said
            check.no_secret_in("".join(it.read_text() for it in folder.iterdir()))
            [name, _] = only(check.azure, "storage account")
            found = rendered(folder)
            namespace = "elsewhere" if "--namespace" in more else "ml-pipelines"
            assert {it["metadata"]["namespace"] for it in found if it["kind"] != "Namespace"} == {namespace}
            assert [it["metadata"]["name"] for it in found if it["kind"] == "Namespace"] == [namespace]
            events = one(found, "EventSource", "blobs")["spec"]["generic"]
            with_batches = "--with-batches" in more
            assert set(events) == ({"datasets", "batches"} if with_batches else {"datasets"}), events
            for event in (yaml.safe_load(it["config"]) for it in events.values()):
                assert event["account"] == name and ("credential" in event) == credential, event
            source = yaml.safe_load(events["datasets"]["config"]).get("source")
            assert source == wanted, source
            for template in ["ml-pipeline", *(["ml-batch"] if with_batches else [])]:
                parameters = {it["name"]: it.get("value") for it in
                              one(found, "WorkflowTemplate", template)["spec"]["arguments"]["parameters"]}
                assert parameters["endpoint"] == f"https://{name}.blob.core.windows.net", parameters
                assert parameters["image"].startswith(f"{REGISTRY}/ml-pipeline:"), parameters
            text = yaml.safe_dump(found)
            assert f"image: {REGISTRY}/azure-blob-eventsource:" in text
            assert not re.search("mlpipelinestore|0{8}-0{4}|1{8}-1{4}|registry.example.com", text), text
            identities = {it["metadata"]["name"]: it["metadata"]["annotations"]["azure.workload.identity/client-id"]
                          for it in found if it["kind"] == "ServiceAccount" and "annotations" in it["metadata"]}
            assert identities == ({"azure-blob-eventsource": f"client-of-{SERVER_IDENTITY}",
                                   "ml-pipeline": f"client-of-{PIPELINE_IDENTITY}"} if mode else {}), identities
            state = {role for who, role, scope in check.azure.roles if who.endswith("-pipeline") and scope.endswith("/eventsource-state")}
            assert state == ({"Storage Blob Data Reader"} if mode and with_batches else set()), check.azure.roles
            (folder / "event-source.yaml").write_text("mine")
            (folder / "patch.yaml").write_text("mine")
            assert check.run(*mode, *more, *WITH_OVERLAY)[0] == 0
            assert (folder / "event-source.yaml").read_text() == "mine", "a file that was there is written again"
    # However the folder is named, the way back to the repository is right.
    check.fresh()
    for name in ["deep/er/overlay", "./x", "a/../b", str(check.folder / "absolute"), str(SCRIPT.parents[1] / "target/overlay-check")]:
        code, said = check.run("--overlay", name, "--registry", REGISTRY)
        folder = check.folder / name
        try:
            assert code == 0 and rendered(folder), said
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    # What was interrupted, or deleted in part, is written to its end.
    folder = check.folder / "some/overlay"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ([], ["kustomization.yaml"], ["event-source.yaml", "kustomization.yaml"]):
        for it in name:
            (folder / it).unlink()
        code, said = check.run(*WITH_OVERLAY)
        assert code == 0 and rendered(folder), said
    check.ok("an overlay renders with the names of the installation, with keys and with identities, with queue, change feed and batches")


def from_one_identity(check):
    """An installation of the time when the server and the pipeline had one identity."""
    check.fresh()
    assert check.run(*WITH_ISSUER)[0] == 0
    here = {"resource-group": "ml-pipelines"}
    check.azure.delete("identity", here | {"name": PIPELINE_IDENTITY})
    check.azure.roles = {key: value for key, value in check.azure.roles.items() if PIPELINE_IDENTITY not in key[0]}
    wanted = dict(check.azure.roles)
    scope = next(iter(wanted))[2].rpartition("/")[0]
    check.azure.role_assignment_create({"assignee-object-id": f"principal-of-{SERVER_IDENTITY}", "scope": f"{scope}/models",
                                        "role": "Storage Blob Data Contributor"})
    check.azure.create("identity federated-credential", here | {
        "name": "ml-pipelines-ml-pipeline", "identity-name": SERVER_IDENTITY, "issuer": ISSUER, "audiences": "x",
        "subject": "system:serviceaccount:ml-pipelines:ml-pipeline"})
    before = set(check.azure.roles)
    code, said = check.run(*WITH_ISSUER)
    assert code == 0 and "rights of the pipeline" in said, said
    # What runs by the old overlay goes on, until a person says so.
    assert before < set(check.azure.roles) and len(credentials(check)) == 3, check.azure.roles
    lines = [it for it in said_commands(said).splitlines() if " delete " in it]
    assert len(lines) == 2, said
    for line in lines:
        check.answer({"program": "az", "arguments": line.split()[1:], "environment": {}})
    mine = {it for it in check.azure.roles if it[0] == f"principal-of-{SERVER_IDENTITY}"}
    assert mine == set(wanted), mine
    assert [it[:2] for it in credentials(check) if it[0] == SERVER_IDENTITY] == [
        (SERVER_IDENTITY, "system:serviceaccount:ml-pipelines:azure-blob-eventsource")], credentials(check)
    code, said = check.run(*WITH_ISSUER)
    assert code == 0 and "rights of the pipeline" not in said, said
    check.ok("from one identity to two: the second is made, and what the first has too much is told with its commands")


def removal(check):
    for options, rest in [((), []), (("--delete-resource-group",), []), ((), [("network", "somebody's")])]:
        check.fresh()
        for mode in ([], WITH_ISSUER):
            assert check.run("--with-queue", "--account", f"account{len(mode)}", *mode)[0] == 0
        check.azure.resources |= {it: {"tags": {}} for it in rest}
        for account in ("account0", "account3"):
            code, said = check.run("--delete", "--yes", "--account", account, *(options if account == "account3" else ()))
            assert code == 0, said
            check.no_secret_in(said)
        left = [*rest, ("group", "ml-pipelines")] if rest else []
        assert sorted(check.azure.resources) == sorted(left), check.azure.resources
        assert not check.azure.roles, check.azure.roles
        assert list(check.cluster.objects) == [("namespace", "ml-pipelines")], check.cluster.objects
        before = check.snapshot()
        code, said = check.run("--delete", "--yes", "--account", "account3", *options)
        assert code == 0 and check.snapshot() == before, said
    check.ok("--delete --yes removes all of both kinds, leaves what others have in the group, and can be repeated")


def on_a_terminal(check):
    check.fresh()
    assert check.run()[0] == 0
    before = check.snapshot()
    for typed, code in [("no", 1), ("", 1), ("yes", 0)]:
        ours, theirs = pty.openpty()
        os.write(ours, f"{typed}\n".encode())
        assert check.run("--delete", terminal=theirs)[0] == code, typed
        os.close(theirs)
        os.close(ours)
        assert (check.snapshot() == before) == (code == 1), typed
    check.ok("--delete on a terminal removes something after a yes only")


def a_failure(check):
    check.fresh()

    def refused(_):
        raise PermissionError("(AuthorizationFailed) you may not")

    check.azure.group_show = refused
    code, said = check.run()
    assert code == 1 and "AuthorizationFailed" in said and not check.azure.resources, said
    check.ok("an error of az that is not an absence ends the run, and is shown")


def says_how_to_apply(check, said, name):
    """The command that is printed writes an overlay, and the values are those of the chart."""
    line = next(it.strip() for it in said.splitlines() if it.strip().startswith("scripts/azure-setup.sh "))
    words = line.partition(" ")[2].partition("   #")[0].replace("REGISTRY", REGISTRY).split()
    code, printed = check.run(*words)
    assert code == 0 and (not KUBECTL or rendered(check.folder / "overlays/azure")), printed
    shutil.rmtree(check.folder / "overlays")
    chart = next(it for it in said.splitlines() if "or, with Helm: helm install " in it)
    assert f"storage.account={name}," in chart, chart
    values = dict(it.split("=") for it in chart.rpartition(" ")[2].split(","))
    known = yaml.safe_load((HERE.parents[1] / "charts/azure-blob-eventsource/values.yaml").read_text())
    for path in values:
        place = known
        for key in path.split("."):
            assert key in place, f"the chart has no value {path}"
            place = place[key]


def rendered(folder):
    """The objects of an overlay, by the real kubectl, which asks no cluster for that."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def one(found, kind, name):
    [it] = [it for it in found if (it["kind"], it["metadata"]["name"]) == (kind, name)]
    return it


def credentials(check):
    return {(it["identity-name"], it["subject"], it["issuer"], it["audiences"])
            for (kind, _), it in check.azure.resources.items() if kind == "identity federated-credential"}


def only(azure, kind):
    [(name, resource)] = [(name, it) for (its_kind, name), it in azure.resources.items() if its_kind == kind]
    return name, resource


def secrets(check):
    found = {name: it["data"] for (kind, name), it in check.cluster.objects.items() if kind == "secret"}
    return {name: {key: base64.b64decode(it).decode() for key, it in data.items()} for name, data in found.items()}


def said_commands(said):
    return "\n".join(it.strip() for it in said.splitlines() if it.startswith("    az "))


@contextmanager
def temporary():
    folder = tempfile.mkdtemp(prefix="azure-setup-check.")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


CHECKS = (shellcheck, az_refuses_wrong_lines, dry_runs, refusals, surroundings, with_keys, again, a_new_key,
          lifecycle_rules, a_change_feed, no_change_feed_in_a_hierarchy, an_account_of_others, without_keys, an_overlay, from_one_identity, removal, on_a_terminal, a_failure)


def main(script=SCRIPT, *names):
    with temporary() as folder, azurite.started(HERE.parents[1] / "testkit/azurite") as storage:
        check = Check(folder, Path(script).resolve(), storage)
        failures = 0
        for one in [it for it in CHECKS if not names or it.__name__ in names]:
            try:
                one(check)
            except Exception as failure:
                failures += 1
                print(f"FAILED {one.__name__}: {type(failure).__name__}: {failure}", flush=True)
        print(f"{check.passed} checks passed" + (f", {failures} failed" if failures else ""))
        return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
