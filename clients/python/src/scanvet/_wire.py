"""From what a caller says to the messages of the wire."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from .inputs import Context, File, Options, media_type_of
from .v1 import scanvet_pb2 as pb

# Beyond this a file goes in chunks: it is not held in memory twice, and refused early if it must be.
STREAM_ABOVE_BYTES = 4 << 20
CHUNK_BYTES = 256 << 10


def whole(
    content: bytes, slot: str, item_id: str, media_type: str, options: pb.ValidationOptions
) -> pb.ValidateFileRequest:
    """A file in one message."""
    file = pb.FileDescriptor(item_id=item_id, slot=slot, declared_media_type=media_type)
    return pb.ValidateFileRequest(file=file, content=content, options=options)


class Upload:
    """A file in chunks, with its digest at the end. Keeps what broke reading it in `fault`."""

    def __init__(
        self,
        file: BinaryIO,
        slot: str,
        item_id: str,
        media_type: str,
        options: pb.ValidationOptions,
    ) -> None:
        self._file = file
        self._header = pb.UploadHeader(
            file=pb.FileDescriptor(item_id=item_id, slot=slot, declared_media_type=media_type),
            options=options,
        )
        self._header.file.size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.fault: OSError | ValueError | None = None

    def messages(self) -> Iterator[pb.UploadAndValidateFileRequest]:
        """Header, chunks, trailer."""
        yield pb.UploadAndValidateFileRequest(header=self._header)
        digest = hashlib.sha256()
        try:
            while chunk := self._file.read(CHUNK_BYTES):
                digest.update(chunk)
                yield pb.UploadAndValidateFileRequest(chunk=chunk)
        except (OSError, ValueError) as fault:
            self.fault = fault
            raise
        trailer = pb.UploadTrailer(sha256=digest.hexdigest())
        yield pb.UploadAndValidateFileRequest(trailer=trailer)


def filing(files: Iterable[File], options: pb.ValidationOptions) -> pb.ValidateFilingRequest:
    """The files of one filing."""
    contents = (pb.FileContent(file=file.descriptor(), content=file.bytes()) for file in files)
    return pb.ValidateFilingRequest(files=contents, options=options)


def plan(context: Context, locales: Sequence[str], version: str) -> pb.PlanFilingRequest:
    """A question about a filing."""
    return pb.PlanFilingRequest(
        context=context.message(), locales=list(locales), ruleset_version=version
    )


def claimed(path: str | os.PathLike[str], media_type: str | None) -> str:
    """What is told of a file's type: what the caller says, else what the name claims."""
    return media_type_of(path) if media_type is None else media_type
