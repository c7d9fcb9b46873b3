"""What is done with an image after its push: it is verified, and kept for as long as it serves."""

import json
from collections.abc import Iterator

import pytest

from ci import release, verify_image
from ci.release import ReleaseFailed
from tests.delivery.stubs import Stub

REPOSITORY = "lifestyle-app-prod"
DIGEST = "sha256:" + "d" * 64
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def images() -> Iterator[Stub]:
    """ECR."""
    stub = Stub("ecr")
    yield stub
    stub.stubber.assert_no_pending_responses()


def test_the_image_of_a_release_gets_a_tag_that_keeps_it(images: Stub) -> None:
    """The same manifest is put once more, under the tag."""
    found = {"imageManifest": "{}", "imageManifestMediaType": OCI}
    images.stubber.add_response("batch_get_image", {"images": [found]})
    sent = {"repositoryName": REPOSITORY, "imageTag": "release-1-1", **found}
    images.stubber.add_response("put_image", {}, sent)

    release.keep_image(images.client, REPOSITORY, DIGEST, "release-1-1")


def test_a_tag_that_is_there_already_is_no_fault(images: Stub) -> None:
    """A job that is run again tags again."""
    found = {"imageManifest": "{}", "imageManifestMediaType": OCI}
    images.stubber.add_response("batch_get_image", {"images": [found]})
    images.stubber.add_client_error("put_image", "ImageAlreadyExistsException")

    release.keep_image(images.client, REPOSITORY, DIGEST, "release-1-1")


def test_an_image_that_is_not_there_stops_the_release(images: Stub) -> None:
    """Its digest is named."""
    images.stubber.add_response("batch_get_image", {"images": []})

    with pytest.raises(ReleaseFailed, match=DIGEST):
        release.keep_image(images.client, REPOSITORY, DIGEST, "release-1-1")


@pytest.mark.parametrize(
    ("manifest", "kind", "reason"),
    [
        ({"layers": []}, OCI, None),
        ({"manifests": []}, "application/vnd.oci.image.index.v1+json", "is an index"),
        ({"manifests": []}, OCI, "is an index"),
        ({"layers": []}, "application/vnd.oci.artifact", "unknown kind"),
        (None, None, "has no image"),
    ],
)
def test_only_a_single_manifest_leaves_phase_2(
    images: Stub, manifest: object, kind: str | None, reason: str | None
) -> None:
    """An attestation makes an index of the push, which Lambda rejects."""
    found = {"imageManifest": json.dumps(manifest), "imageManifestMediaType": kind}
    images.stubber.add_response("batch_get_image", {"images": [found] if kind else []})

    fault = verify_image.fault(images.client, REPOSITORY, DIGEST)

    assert fault is None if reason is None else fault and reason in fault
