"""Azure's management plane and a cluster, as far as azure-setup.sh asks for them. Both are strict: a command
that they do not know fails the test."""

import json
from copy import deepcopy

import yaml

CONTEXT = "check"
ISSUER = "https://oidc.example.com/check/"


class FakeAzure:
    """Resources by kind and name. A KeyError means that there is no such thing, a PermissionError a refusal."""

    def __init__(self, connection_string, key, subscription):
        self.connection_string, self.key, self.subscription = connection_string, key, subscription
        self.logged_in = True
        self.resources, self.registered, self.roles, self.puts = {}, set(), {}, {}

    def snapshot(self):
        return deepcopy((self.resources, self.registered, self.roles, self.puts))

    def answer(self, command, options):
        if command == "account show" and not self.logged_in:
            raise PermissionError("Please run 'az login' to setup account.")
        method = getattr(self, command.replace(" ", "_").replace("-", "_"), None)
        if method:
            return method(options)
        kind, _, verb = command.rpartition(" ")
        if kind not in KINDS or verb not in ("show", "create", "delete"):
            raise AssertionError(f"the fake Azure has no {command}")
        return getattr(self, verb)(kind, options)

    def group_of(self, kind, options):
        if kind != "group" and ("group", options["resource-group"]) not in self.resources:
            raise KeyError(options["resource-group"])

    def show(self, kind, options):
        self.group_of(kind, options)
        return self.resources[kind, name_of(options)]

    def create(self, kind, options):
        self.group_of(kind, options)
        resource = {key: value for key, value in options.items() if key != "tags"}
        resource["tags"] = dict([options["tags"].split("=")]) if "tags" in options else {}
        if kind == "storage account":
            resource["allowSharedKeyAccess"] = options["allow-shared-key-access"] == "true"
            resource["isHnsEnabled"] = options.get("enable-hierarchical-namespace") == "true"
        if kind == "eventgrid system-topic":
            self.must_have("storage account", options["source"])
            if options.get("identity") == "systemassigned":
                resource["identity"] = {"principalId": "principal-of-topic"}
        if kind == "eventgrid system-topic event-subscription":
            self.must_have("eventgrid system-topic", options["system-topic-name"])
            self.must_have("storage account", options["endpoint"].partition("/queueServices")[0])
        if kind == "identity":
            resource |= {"principalId": f"principal-of-{options['name']}", "clientId": f"client-of-{options['name']}"}
        if kind == "identity federated-credential":
            self.must_have("identity", options["identity-name"])
        self.resources[kind, name_of(options)] = resource
        return resource

    def must_have(self, kind, path):
        if (kind, path.rpartition("/")[2]) not in self.resources:
            raise PermissionError(f"there is no {kind} {path}")

    def delete(self, kind, options):
        if kind == "group":
            self.resources.clear()
            return
        del self.resources[kind, name_of(options)]
        self.resources = {it: value for it, value in self.resources.items()
                          if kind != "identity" or value.get("identity-name") != options["name"]}

    def account_show(self, _):
        return {"id": self.subscription, "name": "check"}

    def provider_show(self, options):
        there = options["namespace"] in self.registered
        return {"registrationState": "Registered" if there else "NotRegistered"}

    def provider_register(self, options):
        self.registered.add(options["namespace"])

    def storage_account_blob_service_properties_show(self, options):
        name = options["account-name"]
        self.show("storage account", options | {"name": name})
        return {"changeFeed": self.puts.get(("change feed", name))}

    def storage_account_blob_service_properties_update(self, options):
        name = options["account-name"]
        if self.show("storage account", options | {"name": name})["isHnsEnabled"]:
            raise PermissionError("(FeatureNotSupportedForAccount) ChangeFeed is not supported for the account.")
        self.puts["change feed", name] = {"enabled": options["enable-change-feed"] == "true",
                                          "retentionInDays": int(options["change-feed-retention-days"])}

    def storage_account_management_policy_show(self, options):
        self.show("storage account", options | {"name": options["account-name"]})
        return {"policy": {"rules": self.puts["management policy"]}}

    def storage_account_show_connection_string(self, options):
        self.show("storage account", options)
        return {"connectionString": self.connection_string}

    def storage_account_keys_list(self, options):
        self.show("storage account", options | {"name": options["account-name"]})
        return [{"keyName": "key1", "value": self.key}, {"keyName": "key2", "value": "the other one"}]

    def storage_container_rm_create(self, options):
        self.must_have("storage account", options["storage-account"])
        self.puts["container", options["name"]] = {}

    def role_assignment_create(self, options):
        assignment = (options["assignee-object-id"], options["role"], options["scope"])
        self.roles.setdefault(assignment, f"/assignments/{len(self.roles)}")
        return {"id": self.roles[assignment]}

    def role_assignment_list(self, options):
        return [{"id": value} for key, value in self.roles.items()
                if key[0] == options["assignee"] and ("all" in options or key[2] == options["scope"])]

    def role_assignment_delete(self, options):
        self.roles = {key: value for key, value in self.roles.items() if value != options["ids"]}

    def rest(self, options):
        assert options["method"] == "put", options
        self.puts[options["url"]] = json.loads(options["body"])
        path = options["url"].partition("?")[0]
        self.must_have("storage account", path.rsplit("/", 2 if "eventSubscriptions" in path else 4)[0])
        if "eventSubscriptions" in path:
            self.resources["eventgrid system-topic event-subscription", path.rpartition("/")[2]] = {"tags": {}}

    def resource_wait(self, options):
        assert any(isinstance(it, str) and it.startswith(options["ids"] + "?") for it in self.puts), options

    def resource_list(self, options):
        self.group_of("", options)
        return [{"name": name} for kind, name in self.resources if kind != "group"]

    def aks_show(self, options):
        return {"oidcIssuerProfile": {"issuerUrl": ISSUER if options["name"] == "with-issuer" else None}}


def name_of(options):
    """A federated credential is named within its identity."""
    return "/".join(options[it] for it in ("identity-name", "name") if it in options)


KINDS = {"group", "storage account", "identity", "identity federated-credential", "eventgrid system-topic",
         "eventgrid system-topic event-subscription"}


class FakeCluster:
    """Objects by kind and name, as `kubectl` would have them."""

    def __init__(self):
        self.objects, self.context = {}, CONTEXT

    def snapshot(self):
        return deepcopy(self.objects)

    def run(self, arguments, text):
        """Exit code, output and errors of `kubectl ARGUMENT...`."""
        match arguments:
            case ["config", "current-context"] if not self.context:
                return 1, "", "error: current-context is not set\n"
            case ["config", "current-context"]:
                return 0, f"{self.context}\n", ""
            case ["get", kind, name, *_, "--ignore-not-found", "--output", "name"]:
                return 0, f"{kind}/{name}\n" if (kind, name) in self.objects else "", ""
            case ["create", "--filename", "-"]:
                return self.put(yaml.safe_load(text), replace=False)
            case ["apply", "--server-side", "--force-conflicts", "--filename", "-"]:
                return self.put(yaml.safe_load(text), replace=True)
            case ["delete", "secret", *names, "--namespace", _, "--ignore-not-found"]:
                for name in names:
                    self.objects.pop(("secret", name), None)
                return 0, "", ""
        raise AssertionError(f"the fake cluster has no kubectl {arguments}")

    def put(self, manifest, replace):
        kind, name = manifest["kind"].lower(), manifest["metadata"]["name"]
        if (kind, name) in self.objects and not replace:
            return 1, "", f"Error from server (AlreadyExists): {kind} {name} already exists\n"
        if kind == "secret" and ("namespace", manifest["metadata"]["namespace"]) not in self.objects:
            return 1, "", "Error from server (NotFound): the namespace was not found\n"
        self.objects[kind, name] = manifest
        return 0, f"{kind}/{name} created\n", ""
