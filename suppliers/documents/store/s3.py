"""Documents in an object store that speaks S3, of whatever maker."""

from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from portal.kernel.scope import require_no_transaction
from suppliers.documents.states import Place
from suppliers.documents.store import StoreUnavailable

NOT_FOUND = ("404", "NoSuchKey", "NotFound")


class S3Store:
    """A bucket, through django-storages. Never inside a transaction.

    The address is s3://bucket/prefix?endpoint=https://…&region=…; the key may stand in it as user and password, else it
    is looked for where AWS's own tools do (environment, instance).
    """

    place = Place.S3

    def __init__(self, url: SplitResult) -> None:
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        # Other makers' stores know neither the checksums of newer clients nor buckets as host names.
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 2},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.prefix = url.path.strip("/")
        self.storage = S3Storage(
            bucket_name=url.hostname,
            access_key=unquote(url.username) if url.username else None,
            secret_key=unquote(url.password) if url.password else None,
            endpoint_url=asked.get("endpoint"),
            region_name=asked.get("region", "us-east-1"),
            client_config=config,
        )

    def _object(self, name: str) -> Any:
        require_no_transaction()
        return self.storage.bucket.Object(f"{self.prefix}/{name}" if self.prefix else name)

    def put(self, name: str, content: bytes, *, supplier_id: int) -> None:
        """Keep bytes, as nothing that a browser would show."""
        del supplier_id  # the version says whose they are
        try:
            self._object(name).put(Body=content, ContentType="application/octet-stream")
        except (BotoCoreError, ClientError) as problem:
            raise StoreUnavailable(str(problem)) from problem

    def get(self, name: str) -> bytes:
        """The bytes."""
        try:
            body = self._object(name).get()["Body"]
            try:
                return bytes(body.read())
            finally:
                body.close()
        except (BotoCoreError, ClientError) as problem:
            raise StoreUnavailable(str(problem)) from problem

    def size(self, name: str) -> int | None:
        """How many bytes there are."""
        try:
            return int(self._object(name).content_length)
        except ClientError as problem:
            if problem.response.get("Error", {}).get("Code") in NOT_FOUND:
                return None
            raise StoreUnavailable(str(problem)) from problem
        except BotoCoreError as problem:
            raise StoreUnavailable(str(problem)) from problem

    def drop(self, name: str) -> None:
        """Let go of an object."""
        try:
            self._object(name).delete()
        except (BotoCoreError, ClientError) as problem:
            raise StoreUnavailable(str(problem)) from problem
