"""Writes the bill of materials of a release: what requirements.lock brings along, as CycloneDX 1.6. `make sbom`.

From the lock alone: the same lock gives the same bytes, whatever is installed. A tool of its own would bring as many packages
again; CycloneDX asks for names, versions and hashes, and the lock has these.
"""

import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\$", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> Iterator[dict[str, Any]]:
    """Each pinned package with the hashes of its files; ``dsf:marker`` says where it is wanted, where it is not everywhere."""
    pins = list(_PIN.finditer(lock))
    for pin, after in zip(pins, [*pins[1:], None], strict=True):
        purl = f"pkg:pypi/{pin['name']}@{pin['version']}"
        hashes = _HASH.findall(lock, pin.end(), after.start() if after else len(lock))
        marker = [{"name": "dsf:marker", "value": pin["marker"]}] if pin["marker"] else []
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": pin["name"],
            "version": pin["version"],
            "purl": purl,
            "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(hashes)],
            **({"properties": marker} if marker else {}),
        }


def bill(project: dict[str, Any], lock: str, when: int) -> dict[str, Any]:
    """The whole bill; ``when``: seconds, the commit's."""
    parts = list(components(lock))
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    wanted = {re.split(r"[^A-Za-z0-9.-]", text, maxsplit=1)[0].lower() for text in project["dependencies"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{own} {lock}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(when, UTC).isoformat(),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"license": {"id": project["license"]}}],
            },
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [p["bom-ref"] for p in parts if p["name"] in wanted]}],
    }


def main() -> None:
    """Print it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    made = bill(project, lock, int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    sys.stdout.write(json.dumps(made, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
