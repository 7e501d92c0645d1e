"""What is in the bucket is what came, whole or not at all."""

from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from switchboard.recordings.room import File, NotFetched
from switchboard.recordings.vault import Bucket
from tests.recordings.conftest import BUCKET

MEGABYTE = 1024 * 1024


def test_a_large_file_is_put_there_in_parts(bucket: Bucket) -> None:
    chunks = [bytes([n]) * (3 * MEGABYTE + n) for n in range(6)]

    stored = bucket.store("1/2/3.mp3", File(iter(chunks), "audio/mpeg"))

    whole = b"".join(chunks)
    there = bucket.client.get_object(Bucket=BUCKET, Key="1/2/3.mp3")
    assert there["Body"].read() == whole
    assert there["ContentType"] == "audio/mpeg"
    assert (stored.size, stored.sha256) == (len(whole), sha256(whole).hexdigest())


@pytest.mark.parametrize("megabytes", [1, 20])
def test_a_file_that_breaks_off_leaves_nothing(bucket: Bucket, megabytes: int) -> None:
    def broken() -> Iterator[bytes]:
        for _ in range(megabytes):
            yield b"x" * MEGABYTE
        raise NotFetched("the file broke off")

    with pytest.raises(NotFetched):
        bucket.store("1/2/3.mp3", File(broken(), "audio/mpeg"))

    assert bucket.client.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert "Uploads" not in bucket.client.list_multipart_uploads(Bucket=BUCKET)


def test_a_link_is_signed_for_one_object_and_some_minutes(bucket: Bucket) -> None:
    parts = urlsplit(bucket.link("1/2/3.mp3", "3.mp3", 300))
    query = parse_qs(parts.query)

    assert parts.path.endswith("1/2/3.mp3")
    assert "Signature" in query or "X-Amz-Signature" in query
