"""Prints the CycloneDX document that cargo-cyclonedx made in a copy of the sources, without what only that copy knows, and
with the packages of Debian that an image has files of."""

import json
import sys
from email import message_from_string
from pathlib import Path
from urllib.parse import quote

copy, image = sys.argv[1:]


def ours(value):
    """Without the folder that it was made in."""
    if isinstance(value, dict):
        return {key: ours(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [ours(inner) for inner in value]
    return value.replace(copy, ".") if isinstance(value, str) else value


def package(stanza):
    """A package, by what dpkg says of it."""
    fields = message_from_string(stanza)
    name, version = fields["Package"], fields["Version"]
    purl = f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch={fields['Architecture']}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def unlisted(component):
    """Our own crates are in no registry, where another of the same name may be."""
    return {key: value for key, value in component.items() if key != "purl"} if "file://" in component.get("purl", "") else component


document = ours(json.loads(Path(copy, "functions/container/parlance_bin.cdx.json").read_text(encoding="utf-8")))
document["components"] = [unlisted(component) for component in document["components"]]
document["metadata"]["component"]["purl"] = f"pkg:generic/parlance@{document['metadata']['component']['version']}"
if image:
    stanzas = sorted(Path(image, "var/lib/dpkg/status.d").iterdir())
    document["components"] += [package(file.read_text(encoding="utf-8")) for file in stanzas]
json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
print()
