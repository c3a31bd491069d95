"""Turns the output of `cargo metadata` into a list in CycloneDX 1.6, and validates it.

Listed is what is compiled into the functions and the programs, and what builds it; not what tests need.
"""

import json
import os
import sys
import tomllib
import uuid
from datetime import datetime, timezone

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

RELEASED = ["bootstrap", "ory-actions", "ory-lint"]

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
with open("Cargo.lock", "rb") as lock:
    locked = {(one["name"], one["version"]): one.get("checksum") for one in tomllib.load(lock)["package"]}
licenses = LicenseFactory()


def needed_by(node):
    """What a crate is built from, but for its tests."""
    for dependency in node["deps"]:
        if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
            yield dependency["pkg"]


def component(package):
    name, version = package["name"], package["version"]
    checksum = locked[name, version]
    # Some old crates separate two licenses by a slash.
    license = (package["license"] or "").replace("/", " OR ")
    return Component(
        type=ComponentType.APPLICATION if name in RELEASED else ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("cargo", None, name, version) if package["source"] else None,
        licenses=[licenses.make_from_string(license)] if license else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


roots = [id for id, package in packages.items() if package["name"] in RELEASED]
assert len(roots) == len(RELEASED), roots
found, waiting = {}, list(roots)
while waiting:
    id = waiting.pop()
    if id not in found:
        found[id] = component(packages[id])
        waiting.extend(needed_by(nodes[id]))

commit = os.environ["ORY_ACTIONS_COMMIT"]
released = Component(
    type=ComponentType.APPLICATION,
    name="ory-actions",
    version=packages[roots[0]]["version"],
    bom_ref=commit,
)
bom = Bom(
    # The same commit gives the same file.
    serial_number=uuid.uuid5(uuid.NAMESPACE_URL, commit),
    metadata=BomMetaData(
        component=released,
        timestamp=datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc),
    ),
    components=found.values(),
)
for id in found:
    bom.register_dependency(found[id], [found[one] for one in needed_by(nodes[id])])
bom.register_dependency(released, [found[id] for id in roots])

text = JsonV1Dot6(bom).output_as_string(indent=2)
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if fault is not None:
    sys.exit(f"not CycloneDX 1.6: {fault}")
print(text)
