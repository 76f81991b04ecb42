"""Writes what scanvet is built of as CycloneDX 1.6 JSON: python deploy/sbom.py > sbom.json

Needs cargo and cyclonedx-python-lib[json-validation]; the list is that of Cargo.lock for a release.
"""

import json
import subprocess
import sys

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def built(graph: dict) -> set[str]:
    """Packages that end up in the program: no tests, no build scripts."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    seen, left = set(), [graph["resolve"]["root"]]
    while left:
        package = left.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                left.append(dependency["pkg"])
    return seen


def component(package: dict, kind: ComponentType) -> Component:
    purl = PackageURL("cargo", None, package["name"], package["version"])
    licence = (package["license"] or "").replace("/", " OR ")
    return Component(
        name=package["name"],
        version=package["version"],
        type=kind,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
    )


def main() -> None:
    graph = metadata()
    packages = {package["id"]: package for package in graph["packages"]}
    root = graph["resolve"]["root"]
    bom = Bom()
    bom.metadata.component = component(packages[root], ComponentType.APPLICATION)
    inside = built(graph)
    parts = {key: component(packages[key], ComponentType.LIBRARY) for key in inside - {root}}
    for part in parts.values():
        bom.components.add(part)
    parts[root] = bom.metadata.component
    for node in graph["resolve"]["nodes"]:
        if node["id"] in parts:
            needed = [parts[it["pkg"]] for it in node["deps"] if it["pkg"] in parts]
            bom.register_dependency(parts[node["id"]], needed)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        sys.exit(f"the list is no CycloneDX: {fault}")
    print(text)


if __name__ == "__main__":
    main()
