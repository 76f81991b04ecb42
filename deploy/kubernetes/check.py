"""Builds the kustomizations and validates every object: python deploy/kubernetes/check.py

Needs PyYAML and kubernetes-validate, which brings the schemas along. Builds what these files use of
kustomize (resources, components, patches that merge, generated configuration, labels, images) and
stops at anything else, so that nothing goes unseen. --print NAME prints an overlay or `base`,
--write makes the alerts of the Prometheus operator from deploy/prometheus/alerts.yml.
"""

import argparse
import hashlib
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

HERE = Path(__file__).resolve().parent
ALERTS = HERE.parent / "prometheus" / "alerts.yml"
RULE = HERE / "components" / "prometheus-operator" / "prometheusrule.yaml"
# The oldest release that everything here is stable in, and the newest that is known.
OLDEST = "1.31"
# Lists that patches merge by a key, as the API's own types say.
KEYS = {
    "containers": "name", "env": "name", "ports": "port", "volumeMounts": "mountPath", "volumes": "name",
}
KNOWN = {
    "apiVersion", "kind", "namespace", "labels", "resources", "components", "patches",
    "configMapGenerator", "images",
}
# What no schema is at hand for: made by the Prometheus operator.
CUSTOM = {"ServiceMonitor", "PrometheusRule"}
MIB = 1 << 20


def read(path: Path) -> list[dict]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def merge(below: dict, above: dict) -> None:
    """A strategic merge: maps by key, lists by their merge key, null takes away."""
    for key, value in above.items():
        old = below.get(key)
        if value is None:
            below.pop(key, None)
        elif isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        elif isinstance(old, list) and key in KEYS:
            for item in value:
                same = [it for it in old if it[KEYS[key]] == item[KEYS[key]]]
                merge(same[0], item) if same else old.append(item)
        else:
            below[key] = value


def pod(thing: dict) -> dict | None:
    """The pods that an object makes."""
    return thing["spec"]["template"]["spec"] if thing["kind"] in {"Deployment", "Job"} else None


def build(folder: Path, things: list[dict] | None = None) -> list[dict]:
    """All objects of a kustomization; a component changes those that are there."""
    (kustomization,) = read(folder / "kustomization.yaml")
    unknown = set(kustomization) - KNOWN
    if unknown:
        sys.exit(f"{folder}: {unknown} is not built here")
    things = things if things is not None else []
    for name in kustomization.get("resources", []):
        path = folder / name
        things += build(path) if path.is_dir() else read(path)
    for generator in kustomization.get("configMapGenerator", []):
        data = {name: (folder / name).read_text() for name in generator["files"]}
        digest = hashlib.sha256(repr(data).encode()).hexdigest()[:10]
        name = f"{generator['name']}-{digest}"
        things.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
        for thing in things:
            for volume in (pod(thing) or {}).get("volumes", []):
                if volume.get("configMap", {}).get("name") == generator["name"]:
                    volume["configMap"]["name"] = name
    for name in kustomization.get("components", []):
        build(folder / name, things)
    for patch in kustomization.get("patches", []):
        (above,) = read(folder / patch["path"])
        wanted = (above["apiVersion"], above["kind"], above["metadata"]["name"])
        found = [it for it in things if (it["apiVersion"], it["kind"], it["metadata"]["name"]) == wanted]
        if len(found) != 1:
            sys.exit(f"{folder}: the patch of {wanted} fits {len(found)} objects")
        merge(found[0], above)
    for thing in things:
        if "namespace" in kustomization and thing["kind"] != "Namespace":
            thing["metadata"]["namespace"] = kustomization["namespace"]
        for labels in kustomization.get("labels", []):
            places = [thing["metadata"]]
            if labels.get("includeTemplates") and pod(thing):
                places.append(thing["spec"]["template"].setdefault("metadata", {}))
            for place in places:
                place["labels"] = {**place.get("labels", {}), **labels["pairs"]}
        for image in kustomization.get("images", []):
            for container in (pod(thing) or {}).get("containers", []):
                name = container["image"].split(":")[0]
                if name == image["name"]:
                    container["image"] = f"{image.get('newName', name)}:{image['newTag']}"
    return things


def validate(things: list[dict], what: str) -> int:
    """By the schemas of two releases, unknown fields being faults."""
    done = 0
    for thing in things:
        if thing["kind"] in CUSTOM:
            continue
        for version in [OLDEST, kubernetes_validate.latest_version()]:
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                sys.exit(f"{what}: {thing['kind']} {thing['metadata']['name']} ({version}): {error}")
            done += 1
    return done


def labels_of(thing: dict) -> dict:
    return thing["spec"]["template"]["metadata"]["labels"]


def fits(things: list[dict], what: str) -> None:
    """What no schema sees: that objects find each other, and that the settings fit the pod."""

    def must(true: bool, fault: str) -> None:
        if not true:
            sys.exit(f"{what}: {fault}")

    of = {(thing["kind"], thing["metadata"]["name"]): thing for thing in things}
    deployment = of["Deployment", "scanvet"]
    labels = labels_of(deployment).items()
    (container,) = pod(deployment)["containers"]
    ports = {port["name"] for port in container["ports"]}
    selectors = [("Deployment", deployment["spec"]["selector"]["matchLabels"])]
    for kind, path in [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")]:
        selectors.append((kind, of[kind, "scanvet"]["spec"][path]["matchLabels"]))
    for thing in things:
        if thing["kind"] == "Service":
            selectors.append((thing["metadata"]["name"], thing["spec"]["selector"]))
            for port in thing["spec"]["ports"]:
                must(port["targetPort"] in ports, f"no port {port['targetPort']}")
        if thing["kind"] == "ServiceMonitor":
            wanted = thing["spec"]["selector"]["matchLabels"].items()
            named = {endpoint["port"] for endpoint in thing["spec"]["endpoints"]}
            found = [
                it for it in things
                if it["kind"] == "Service" and wanted <= it["metadata"]["labels"].items()
                and named <= {port["name"] for port in it["spec"]["ports"]}
            ]
            must(len(found) == 1, f"{len(found)} services are scraped")
        if thing["kind"] == "PrometheusRule":
            (alerts,) = read(ALERTS)
            must(thing["spec"] == alerts, "other alerts than in alerts.yml: run check.py --write")
    for thing in things:
        at_home = thing["metadata"].get("namespace") == "scanvet" or thing["kind"] == "Namespace"
        must(at_home, f"{thing['kind']} {thing['metadata']['name']} is in another namespace")
    for name, selector in selectors:
        must(selector and selector.items() <= labels, f"{name} selects other pods")
    for rule in of["NetworkPolicy", "scanvet"]["spec"]["ingress"]:
        must({port["port"] for port in rule["ports"]} <= ports, "the policy names other ports")
    target = of["HorizontalPodAutoscaler", "scanvet"]["spec"]["scaleTargetRef"]
    must((target["kind"], target["name"]) in of, "the autoscaler has no target")
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    must(mounted == {volume["name"] for volume in pod(deployment)["volumes"]}, "volumes and mounts differ")
    (configuration,) = [thing for thing in things if thing["kind"] == "ConfigMap"]
    serve = tomllib.loads(configuration["data"]["scanvet.toml"])["serve"]
    grace = pod(deployment)["terminationGracePeriodSeconds"]
    must(grace >= serve["notice_seconds"] + serve["drain_seconds"] + 5, "the grace period is too short")
    must(int(container["resources"]["requests"]["cpu"]) == serve["workers"], "workers and cores differ")
    most = (serve["workers"] + 1) * 600_000_000 + serve["max_bytes_in_flight"] + 64 * MIB
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024 * MIB
    must(limit >= most, f"the limit of memory is below {most / MIB:.0f} MiB")
    listens = {serve["listen"].rsplit(":", 1)[1], serve["admin"]["listen"].rsplit(":", 1)[1]}
    must(listens == {str(port["containerPort"]) for port in container["ports"]}, "ports differ")
    is_plain = serve["insecure"] and not any(
        it["name"] == "SCANVET_SERVE__INSECURE" and it["value"] == "false" for it in container.get("env", [])
    )
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
        must(("grpc" in container[probe]) == is_plain, f"{probe}: gRPC probes speak no TLS")
    context = pod(deployment)["securityContext"] | container["securityContext"]
    must(context["runAsNonRoot"] and context["readOnlyRootFilesystem"], "the pod may too much")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", help="an overlay, or base")
    parser.add_argument("--write", action="store_true", help="write the operator's alerts")
    arguments = parser.parse_args()
    if arguments.write:
        (alerts,) = read(ALERTS)
        rule = {
            "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
            "metadata": {"name": "scanvet"}, "spec": alerts,
        }
        head = "# Made from deploy/prometheus/alerts.yml by check.py --write.\n"
        RULE.write_text(head + yaml.safe_dump(rule, sort_keys=False, width=1000, allow_unicode=True))
    folders = [HERE / "base", *sorted(path.parent for path in HERE.glob("overlays/*/kustomization.yaml"))]
    for folder in folders:
        things = build(folder)
        if arguments.print:
            if arguments.print == folder.name:
                print(yaml.safe_dump_all(things, sort_keys=False))
            continue
        done = validate(things, folder.name)
        fits(things, folder.name)
        print(f"{folder.name}: {len(things)} objects, {done} validations")
    jobs = read(HERE.parent / "batch-job.yaml")
    if not arguments.print:
        print(f"batch-job.yaml: {validate(jobs, 'batch-job.yaml')} validations")


if __name__ == "__main__":
    main()
