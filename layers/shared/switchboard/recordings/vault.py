"""The bucket: files go in as they come, and out by links that live for minutes."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from .room import File, NotFetched, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 takes no smaller part but the last.
_LEAST_PART = 5 * 1024 * 1024


@dataclass(frozen=True)
class Bucket:
    """One S3 bucket, encrypted by its own default."""

    client: "S3Client"
    name: str

    def store(self, path: str, file: File) -> Stored:
        """Put a file there; what S3 has is compared with what came. Raises NotFetched."""
        tally = _Tally()
        parts = _parts(tally.counted(file.chunks))
        try:
            first, second = next(parts, b""), next(parts, None)
            if second is None:
                self._whole(path, first, file.content_type)
            else:
                self._in_parts(path, _chain(first, second, parts), file.content_type)
            there = self.client.head_object(Bucket=self.name, Key=path)["ContentLength"]
        except (BotoCoreError, ClientError) as error:
            raise NotFetched(f"the bucket does not take it: {error}") from error
        if there != tally.size:
            raise NotFetched(f"the bucket has {there} bytes of {tally.size}")
        return Stored(tally.size, tally.hash.hexdigest())

    def link(self, path: str, name: str, seconds: int) -> str:
        """Return a URL that gives an object to whoever holds it. No request."""
        return self.client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.name,
                "Key": path,
                "ResponseContentDisposition": f'inline; filename="{name}"',
            },
            ExpiresIn=seconds,
        )

    def _whole(self, path: str, body: bytes, content_type: str) -> None:
        self.client.put_object(
            Bucket=self.name,
            Key=path,
            Body=body,
            ContentType=content_type,
            ChecksumSHA256=_checksum(body),
        )

    def _in_parts(self, path: str, parts: Iterator[bytes], content_type: str) -> None:
        upload = self.client.create_multipart_upload(
            Bucket=self.name, Key=path, ContentType=content_type, ChecksumAlgorithm="SHA256"
        )["UploadId"]
        try:
            done = [
                self._part(path, upload, number, part) for number, part in enumerate(parts, start=1)
            ]
            self.client.complete_multipart_upload(
                Bucket=self.name, Key=path, UploadId=upload, MultipartUpload={"Parts": done}
            )
        except BaseException:
            # Its parts cost money and are in no list; a rule of the bucket removes what is left.
            self.client.abort_multipart_upload(Bucket=self.name, Key=path, UploadId=upload)
            raise

    def _part(self, path: str, upload: str, number: int, body: bytes) -> Any:
        checksum = _checksum(body)
        reply = self.client.upload_part(
            Bucket=self.name,
            Key=path,
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ChecksumSHA256=checksum,
        )
        return {"PartNumber": number, "ETag": reply["ETag"], "ChecksumSHA256": checksum}


class _Tally:
    """Counts and hashes what passes."""

    def __init__(self) -> None:
        self.size = 0
        self.hash = sha256()

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self.hash.update(chunk)
            yield chunk


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _LEAST_PART:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _checksum(body: bytes) -> str:
    return base64.b64encode(sha256(body).digest()).decode()
