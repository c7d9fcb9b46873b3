"""Refuse a pushed image that Lambda would refuse: `.venv/bin/python -m ci.verify_image`.

Reads AWS_REGION, REPOSITORY_NAME and IMAGE_DIGEST. An attestation turns a push into an OCI index,
which Lambda rejects only when the function is updated, half a deployment later.
https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#images-reqs
"""

import json
from typing import Any

from ci import aws, github

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
MANIFESTS = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
}


def fault(client: Any, repository: str, digest: str) -> str | None:
    """Say what is wrong with an image, or None."""
    found = client.batch_get_image(
        repositoryName=repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=sorted(INDEXES | MANIFESTS),
    )["images"]
    if not found:
        return f"{repository} has no image {digest}."
    manifest = json.loads(found[0]["imageManifest"])
    kind = found[0].get("imageManifestMediaType") or manifest.get("mediaType")
    if kind in INDEXES or "manifests" in manifest:
        return f"{digest} is an index ({kind}): provenance, sbom or a second platform was on."
    return None if kind in MANIFESTS else f"{digest} is of an unknown kind: {kind}."


def main() -> None:
    """Check the digest of this run."""
    if found := fault(
        aws.client("ecr"), github.setting("REPOSITORY_NAME"), github.setting("IMAGE_DIGEST")
    ):
        github.fail(found)
        raise SystemExit(1)
    print("One manifest, as Lambda wants it.")


if __name__ == "__main__":
    main()
