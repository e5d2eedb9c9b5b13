"""Holds the Helm chart against the manifests of this repository: rendered, both are the same objects.

Usage: check.py HELM [CHECK...], with names of functions from below

It needs kubectl, whose `kustomize` renders the manifests; it asks no cluster.
"""

import difflib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import generate
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = generate.CHART
NAMESPACE = "ml-pipelines"
KEYS = {"storage.account": "mlpipelinestore", "image.repository": "registry.example.com/azure-blob-eventsource",
        "pipeline.image.repository": "registry.example.com/ml-pipeline"}
IDENTITIES = KEYS | {"workloadIdentity.enabled": "true",
                     "workloadIdentity.serverClientId": "00000000-0000-0000-0000-000000000000",
                     "workloadIdentity.pipelineClientId": "11111111-1111-1111-1111-111111111111"}
FOLDERS = {"batch.enabled": "true"}
# An event for batches, beside the one that is there.
BATCHES = {"events": {"batches": {
    "container": "datasets", "prefix": "folders/", "pattern": "**/*.csv", "source": {"listing": {"interval": "2s"}},
    "existing": "emit", "batch": {"by": "folder", "quiet": "20s", "maxWait": "10m"},
    "state": {"container": "eventsource-state"}, "confirm": {"workflows": {}},
    "limits": {"inFlight": 100, "activeWorkflows": 20}}}}
QUICK_START = [CHART / "quick-start.yaml"]
BATCHES_ON_TOP = [*QUICK_START, BATCHES]
MONITORING = {"monitoring.enabled": "true"}
KUBERNETES_EVENTS = {"kubernetesEvents.enabled": "true"}
TRACING = {"tracing.endpoint": "http://opentelemetry-collector.monitoring:4318"}
# Folders that are applied one after the other, each with these components, and the values that come to the same.
PAIRS = [
    (["manifests/base"], [], {"storage.account": "mlpipelinestore", "pipeline.enabled": "false", "events.datasets.existing": "null"}, []),
    (["manifests/quick-start"], [], {}, QUICK_START),
    (["manifests/quick-start", "examples/batches"], [], FOLDERS, BATCHES_ON_TOP),
    (["examples/azure-keys"], ["monitoring", "kubernetes-events", "tracing"], KEYS | MONITORING | KUBERNETES_EVENTS | TRACING, []),
    (["examples/azure-workload-identity"], [], IDENTITIES, []),
    # With sensors/ml-batch instead of sensors/ml-pipeline, as docs/batches.md says.
    (["examples/azure-workload-identity for batches"], ["monitoring"], IDENTITIES | FOLDERS | MONITORING, [BATCHES]),
]
# Values that are refused, each with words of the message.
REFUSED = [
    ({}, "storage.account is empty"),
    ({"storage.account": "Has-Capitals"}, "storage/account"),
    ({"storage.acount": "x"}, "acount"),
    (KEYS | {"server.replicas": "0"}, "replicas"),
    (KEYS | {"eventBus.replicas": "2"}, "eventBus/replicas"),
    (KEYS | {"eventBus.maxBytes": "lots"}, "maxBytes"),
    (KEYS | {"image.digest": "sha256:12"}, "digest"),
    (KEYS | {"events.datasets.prefx": "raw/"}, "prefx"),
    (KEYS | {"events.datasets.container": "null"}, "container"),
    (KEYS | {"events.datasets.account": "one", "events.datasets.endpoint": "https://two"}, "events/datasets"),
    (KEYS | {"pipeline.parameters.tarket": "x"}, "tarket"),
    (KEYS | {"pipeline.event": "missing"}, "pipeline.event is `missing`, but `events` has no event of this name: give one of datasets"),
    (KEYS | {"batch.enabled": "true"}, "batch.event is `batches`, but `events` has no event of this name"),
    (KEYS | {"batch.enabled": "true", "pipeline.enabled": "false"}, "needs pipeline.enabled"),
    (KEYS | {"workloadIdentity.enabled": "true"}, "managed identity, which scripts/azure-setup.sh --workload-identity prints"),
    (KEYS | {"storage.endpoint": "https://private"}, "give one of them"),
    (KEYS | {"quickStart.enabled": "true"}, "give no storage.account"),
    ({"quickStart.enabled": "true", "workloadIdentity.enabled": "true"}, "no workloadIdentity"),
    (KEYS | {"nonsense": "1"}, "nonsense"),
    # What the server refuses in an event, the chart refuses.
    (KEYS | {"events.datasets.container": "Data"}, "events/datasets/container"),
    (KEYS | {"events.datasets.minAge": "5x"}, "events/datasets/minAge"),
    (KEYS | {"events.datasets.source.listing.interval": "5"}, "events/datasets/source/listing/interval"),
    (KEYS | {"events.datasets.source.listing.intervall": "5s"}, "intervall"),
    (KEYS | {"events.datasets.limits.inFlight": "0"}, "events/datasets/limits/inFlight"),
    (KEYS | {"events.datasets.credential": "a/b"}, "events/datasets/credential"),
    (KEYS | {"events.datasets.source.listing.interval": "500ms"}, "source.listing.interval is 500ms: allowed are 1s to 24h"),
    (KEYS | {"events.datasets.minAge": "366d"}, "events.datasets.minAge is 366d: allowed are 0s to 8760h"),
    (KEYS | {"events.datasets.limits.settle": "1h1ms"}, "limits.settle is 1h1ms"),
    (KEYS | {"events.datasets.pattern": "**.csv"}, "`**.csv`, in which `**` is not a whole part of the path"),
    (KEYS | {"events.datasets.pattern": "{**/*.csv,!raw/a**}"}, "`!raw/a**`, in which `**` is not"),
    (KEYS | {"events.datasets.state.container": "datasets"}, "the container that is watched"),
    (KEYS | {"events.datasets.prefix": "landing/", "events.datasets.pattern": "raw/**"}, "no name that begins with the prefix `landing/`"),
    (KEYS | {"events.datasets.redelivery.deadline": "1h", "events.datasets.redelivery.giveUpAfter": "30m"}, "shorter than `deadline`"),
    (KEYS | {"events.datasets.batch.quiet": "1.5h", "events.datasets.batch.maxWait": "90m"}, "batch.quiet is 1.5h and has no effect"),
    (KEYS | {"server.extraArgs[0]": "--port=80"}, "server/extraArgs/0"),
    (KEYS | {"server.extraArgs[0]": "--log-format=text"}, "server/extraArgs/0"),
    (KEYS | {"storage.credential": "a/b"}, "storage/credential"),
    (KEYS | {"events.datasets.account": ""}, "events/datasets/account"),
    (KEYS | {"events.datasets.confirm": "null"}, "confirm"),
    (KEYS | {"events.datasets.state": "null", "events.datasets.batch.by": "folder"}, "state"),
    (KEYS | {"eventBus.volumeSize": "4Gi"}, "eventBus.volumeSize is 4Gi (4294967296 bytes), and must be larger than eventBus.maxBytes"),
    (KEYS | {"eventBus.volumeSize": "4095Mi"}, "must be larger than eventBus.maxBytes"),
    (KEYS | {"eventBus.maxBytes": "5368709120"}, "must be larger than eventBus.maxBytes"),
    (KEYS | {"batch.enabled": "true", "batch.event": "datasets"}, "events.datasets has no `batch`"),
    (KEYS | {"batch.enabled": "true", "batch.event": "datasets", "events.datasets.batch.by": "folder"}, "are both `datasets`"),
    (KEYS | {"server.resources.request.memory": "1Gi"}, "'request'"),
    (KEYS | {"server.resources.limits.memroy": "1Gi"}, "memroy"),
    (KEYS | {"server.resources.limits.memory": "1GB"}, "server/resources/limits/memory"),
    (KEYS | {"server.env[0].name": "A", "server.env[0].vale": "b"}, "'vale'"),
    (KEYS | {"server.env[0].name": "A", "server.env[0].valueFrom.secretRef.name": "b"}, "'secretRef'"),
    (KEYS | {"server.tolerations[0].operater": "Exists"}, "'operater'"),
    (KEYS | {"server.tolerations[0].operator": "exists"}, "server/tolerations/0/operator"),
]
# Values that Kubernetes and the server take.
TAKEN = [
    {"eventBus.volumeSize": "1Ti"},
    {"eventBus.volumeSize": "4097Mi"},
    {"eventBus.volumeSize": "1Gi", "eventBus.enabled": "false"},
    {"server.resources.limits.cpu": "2", "server.resources.requests.cpu": "0.5", "server.resources.limits.ephemeral-storage": "1e9"},
    {"server.env[0].name": "A", "server.env[0].valueFrom.secretKeyRef.name": "b", "server.env[0].valueFrom.secretKeyRef.key": "c"},
    {"server.tolerations[0].key": "a", "server.tolerations[0].effect": "NoExecute", "server.tolerations[0].tolerationSeconds": "30"},
    {"events.datasets.container": "$web", "events.datasets.minAge": "1h30m", "events.datasets.pattern": "{**/*.csv,!raw/x.csv}"},
    {"events.datasets.prefix": "raw/2026/", "events.datasets.pattern": "raw/**/*.csv"},
    {"events.datasets.redelivery.deadline": "60s", "events.datasets.redelivery.giveUpAfter": "1h", "events.datasets.minAge": "8760h"},
    {"server.extraArgs[0]": "--max-streams=100", "server.extraArgs[1]": "--log=debug"},
    {"events.datasets.source.listing.interval": "30s", "events.datasets.version": "content", "events.datasets.limits.activeWorkflows": "1000"},
]


class Helm:
    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def template(self, values, files=(), chart=CHART, namespace=NAMESPACE):
        """Exit code, the objects, and what was said."""
        command = [self.program, "template", "some-release", chart, "--namespace", namespace, "--kube-version", "1.34.0"]
        for number, file in enumerate(files):
            if isinstance(file, dict):
                path = self.folder / f"values-{number}.yaml"
                path.write_text(yaml.safe_dump(file))
                file = path
            command += ["--values", file]
        for name, value in values.items():
            command += ["--set", f"{name}={value}"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr


# --- the checks ---------------------------------------------------------------------------------

def same_objects(helm):
    for folders, components, values, files in PAIRS:
        name = ", then ".join([*folders, *components])
        code, text, said = helm.template(values, files)
        assert code == 0, f"{name}: {said}"
        ours, theirs = objects(text), {}
        for folder in folders:
            theirs |= objects(kustomize(folder, components))
        theirs.pop(("Namespace", NAMESPACE), None)
        if "for batches" in name:
            # The docs leave it to people what is watched; a Sensor without an event would be refused here.
            del ours["EventSource", "blobs"]["spec"]["generic"]["batches"]
        assert ours.keys() == theirs.keys(), f"{name}: {sorted(ours.keys() ^ theirs.keys())}"
        for key in theirs:
            assert ours[key] == theirs[key], f"{name}: {key}\n" + difference(theirs[key], ours[key])
        print(f"ok   {name}: the same {len(ours)} objects")


def another_namespace(helm):
    """Whatever the release's namespace is, nothing is said of another."""
    code, text, said = helm.template(MONITORING, QUICK_START, namespace="elsewhere")
    assert code == 0, said
    found = [it for it in yaml.safe_load_all(text) if it]
    assert {it["metadata"]["namespace"] for it in found} == {"elsewhere"}
    assert {who["namespace"] for it in found for who in it.get("subjects", [])} == {"elsewhere"}
    assert "store.elsewhere.svc" in text and f"store.{NAMESPACE}.svc" not in text
    print("ok   another namespace is that of all objects")


def values_are_used(helm):
    """Each value of values.yaml changes what is rendered."""
    base = KEYS | FOLDERS
    more_events = {"events": BATCHES["events"] | {"more": BATCHES["events"]["batches"]}}
    code, before, said = helm.template(base, [more_events])
    assert code == 0, said
    changes = {
        "image.repository": "a", "image.tag": "2.0", "image.digest": f"sha256:{'a' * 64}", "imagePullSecrets[0].name": "secret",
        "storage.account": "another", "storage.endpoint": "https://private", "storage.credential": "other",
        "events.datasets.prefix": "other/", "server.replicas": "1", "server.extraArgs[0]": "--max-streams=7", "server.env[0].name": "NAME",
        "server.resources.limits.memory": "1Gi", "server.nodeSelector.pool": "name", "server.tolerations[0].operator": "Exists",
        "workloadIdentity.enabled": "true", "workloadIdentity.serverClientId": "", "workloadIdentity.pipelineClientId": "",
        "eventBus.enabled": "false", "eventBus.replicas": "1", "eventBus.volumeSize": "9Gi", "eventBus.maxBytes": "1048576",
        "pipeline.enabled": "false", "pipeline.event": "more", "pipeline.image.repository": "b", "pipeline.image.tag": "2.0",
        "pipeline.image.digest": f"sha256:{'b' * 64}", "pipeline.parameters.target": "price", "batch.enabled": "false",
        "batch.event": "more", "monitoring.enabled": "true", "monitoring.labels.release": "name", "kubernetesEvents.enabled": "true",
        "tracing.endpoint": "https://collector", "tracing.ratio": "0.1",
        "networkPolicy.enabled": "false",
        "networkPolicy.monitoringNamespace": "other", "quickStart.enabled": "true", "quickStart.image": "other:1",
    }
    paths = [".".join(path) for path, _ in generate.commented((CHART / "values.yaml").read_text())]
    untried = [it for it in paths if not any(name.startswith(it) for name in changes)]
    assert not untried, f"nothing here changes {untried}"
    # Some have an effect with others alone.
    beside = {"workloadIdentity": {name: value for name, value in IDENTITIES.items() if name not in KEYS},
              "quickStart": {"quickStart.enabled": "true", "storage.account": ""}, "storage.endpoint": {"storage.account": ""}, "monitoring": MONITORING, "tracing.ratio": TRACING, "pipeline.enabled": {"batch.enabled": "false"}}
    for name, value in changes.items():
        more = next((it for start, it in beside.items() if name.startswith(start)), {})
        code, after, said = helm.template(base | more | {name: value}, [more_events])
        # An identity that is missing is told.
        assert (code == 0) == (value != ""), said
        assert after != before, f"{name} changes nothing"
        assert value in ("1", "true", "false") or value in after, f"{name} is not what it was set to"
    print(f"ok   {len(changes)} values have an effect")


def refusals(helm):
    for values, words in REFUSED:
        code, text, said = helm.template(values)
        assert code != 0 and not text, f"{values} was taken"
        assert words in said, f"{values}: {said}"
    print(f"ok   {len(REFUSED)} wrong values are refused")
    for values in TAKEN:
        code, _, said = helm.template(KEYS | values)
        assert code == 0, f"{values}: {said}"
    print(f"ok   {len(TAKEN)} unusual values are taken")


def schema_knows_the_configuration(_):
    """The keys of an event are those in the tables of docs/configuration.md; `generated` holds them equal to the server's schema."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    tables = (ROOT / "docs/configuration.md").read_text().partition("\n## Options of the server\n")[0]
    rows = re.findall(r"^\| (`.*?) \| ", tables, re.M)
    wanted = {name.partition(".")[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    known = set(schema["$defs"]["event"]["properties"])
    assert known == wanted, sorted(known ^ wanted)
    print(f"ok   the schema has the {len(known)} keys of an event's configuration")


def extra_args_are_options_of_serve(_):
    """`server.extraArgs` takes the options of `serve` in docs/commands.md that the chart does not give itself."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    allowed = schema["properties"]["server"]["properties"]["extraArgs"]["items"]["pattern"]
    commands = (ROOT / "docs/commands.md").read_text()
    rows = [row for title in ("Options of all commands", "serve")
            for row in commands.partition(f"\n## {title}\n")[2].partition("\n## ")[0].splitlines() if row.startswith("| `--")]
    options = {it for row in rows for it in re.findall(r"`--([a-z-]+)", row.split(" | ")[0])}
    own = set(re.findall(r"^ +- --([a-z-]+)", (CHART / "templates/server.yaml").read_text(), re.M))
    assert set(re.search(r"\((.*?)\)", allowed)[1].split("|")) == options - own, sorted(options - own)
    print("ok   server.extraArgs takes the other options of `serve`")


def test_pod(helm):
    """`helm test` asks the server's own `check` about each event, with what the server has."""
    code, text, said = helm.template(IDENTITIES, [BATCHES])
    assert code == 0, said
    hooks = [it for it in yaml.safe_load_all(text) if it and "helm.sh/hook" in it["metadata"].get("annotations", {})]
    assert [it["kind"] for it in hooks] == ["ConfigMap", "Pod"], hooks
    files, pod = hooks
    assert set(files["data"]) == {"batches.yaml", "datasets.yaml"}, files
    configs = {name: yaml.safe_load(it["config"]) for name, it in event_source(text)["spec"]["generic"].items()}
    assert {f"{name}.yaml": it for name, it in configs.items()} == {name: yaml.safe_load(it) for name, it in files["data"].items()}
    assert [it["args"][2] for it in pod["spec"]["containers"]] == ["--name=batches", "--name=datasets"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] != "azure-blob-eventsource", "a Service would take it for a server"
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    print("ok   `helm test` checks each event as the server would be asked")


def lint(helm):
    for values in ([], ["--values", CHART / "quick-start.yaml"]):
        settings = [it for name, value in KEYS.items() for it in ("--set", f"{name}={value}")]
        done = subprocess.run([helm.program, "lint", "--strict", CHART, "--kube-version", "1.34.0", *settings, *values],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    packed = subprocess.run([helm.program, "package", CHART, "--destination", helm.folder], capture_output=True, text=True)
    assert packed.returncode == 0, packed.stderr
    [archive] = helm.folder.glob("*.tgz")
    outputs = [helm.template({}, QUICK_START, chart) for chart in (CHART, archive)]
    assert outputs[0] == outputs[1], "packed, the chart renders other objects"
    print("ok   helm lint --strict has nothing to say, and the package renders the same")


def generated(_):
    stale = [str(path.relative_to(ROOT)) for path, text in generate.wanted().items() if not path.exists() or path.read_text() != text]
    extra = [str(it.relative_to(ROOT)) for it in (CHART / "files").rglob("*") if it.is_file() and it not in generate.wanted()]
    assert not stale and not extra, f"run `make chart`: {stale}, {extra}"
    version = re.search('^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version), f"Cargo.toml has the version {version}: {chart}"
    print(f"ok   README, schema and {len(generate.wanted()) - 2} files are those of `make chart`")


# --- what they are made of ----------------------------------------------------------------------

def kustomize(folder, components):
    """What a folder renders with these components."""
    source = folder.removesuffix(" for batches")
    # Beneath the repository, and as deep as `examples/NAME`, because kustomize wants relative paths.
    with tempfile.TemporaryDirectory(dir=ROOT / "target", prefix="chart-test.") as copy:
        for file in (ROOT / source).iterdir():
            text = file.read_text()
            if source != folder:
                text = text.replace("sensors/ml-pipeline", "sensors/ml-batch")
            Path(copy, file.name).write_text(text)
        overlay = yaml.safe_load(Path(copy, "kustomization.yaml").read_text())
        overlay.setdefault("components", []).extend(f"../../manifests/components/{it}" for it in components)
        overlay["resources"] = ["../../manifests/base" if it == "../base" else it for it in overlay["resources"]]
        Path(copy, "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        done = subprocess.run(["kubectl", "kustomize", copy], capture_output=True, text=True)
    assert done.returncode == 0, f"{folder}: {done.stderr}"
    return done.stdout


def objects(text):
    """By kind and name, but for hooks; what kustomize and the chart write in different ways is brought to one."""
    found = {}
    for it in yaml.safe_load_all(text):
        if not it or "helm.sh/hook" in it["metadata"].get("annotations", {}):
            continue
        it = named(it)
        if it["kind"] == "EventSource":
            for event in it["spec"]["generic"].values():
                event["config"] = yaml.safe_load(event["config"])
        key = it["kind"], it["metadata"]["name"]
        assert key not in found, f"{key} is there twice"
        found[key] = it
    return found


def named(it):
    """Without what stands for the content in a ConfigMap's name."""
    return json.loads(re.sub(r'"azurite-storage-[0-9a-z]{10}"', '"azurite-storage"', json.dumps(it)))


def event_source(text):
    return next(it for it in yaml.safe_load_all(text) if it and it["kind"] == "EventSource")


def difference(theirs, ours):
    lines = [yaml.safe_dump(it).splitlines() for it in (theirs, ours)]
    return "\n".join(difflib.unified_diff(*lines, "kustomize", "helm", lineterm="", n=2))


CHECKS = (generated, lint, same_objects, another_namespace, values_are_used, refusals, schema_knows_the_configuration,
          extra_args_are_options_of_serve, test_pod)


def main(program, *names):
    (ROOT / "target").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        helm, failures = Helm(program, folder), 0
        for check in [it for it in CHECKS if not names or it.__name__ in names]:
            try:
                check(helm)
            except AssertionError as failure:
                failures += 1
                print(f"FAILED {check.__name__}: {failure}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
