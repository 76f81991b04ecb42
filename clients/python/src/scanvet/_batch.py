"""Many files over one stream after the other: what both clients share."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace

from .errors import Overloaded, ScanvetError, Unreachable
from .inputs import File
from .results import Result
from .v1 import scanvet_pb2 as pb

# A stream stays with one server while it is open, so it is opened anew often enough.
_ITEMS_OF_A_STREAM = 1000
_SECONDS_OF_A_STREAM = 60
_TRIES_OF_AN_ITEM = 4
_BROKEN_STREAMS_IN_A_ROW = 4
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0


@dataclass(frozen=True)
class ItemFault:
    """Why an item has no verdict."""

    reason: str
    message: str
    code: int
    """google.rpc.Code."""
    retryable: bool


@dataclass(frozen=True)
class Item:
    """One answer of a batch: `result`, or the `fault` for which there is none."""

    item_id: str
    result: Result | None = None
    fault: ItemFault | None = None


@dataclass
class Batch:
    """What is under way, what must be sent again, and whether it is worth while."""

    options: pb.ValidationOptions
    exhausted: bool = False
    _under_way: dict[str, tuple[File, int]] = field(default_factory=dict)
    _again: deque[tuple[File, int]] = field(default_factory=deque)
    _count: int = 0
    _broken: int = 0
    _sent: int = 0
    _opened: float = 0.0

    def open(self) -> None:
        """A stream begins: what the last one left without an answer comes first."""
        self._again.extend(self._under_way.values())
        self._under_way.clear()
        self._sent, self._opened = 0, time.monotonic()

    @property
    def done(self) -> bool:
        """Whether every file has its answer."""
        return self.exhausted and not self._again and not self._under_way

    @property
    def full(self) -> bool:
        """Whether this stream has had its share."""
        old = time.monotonic() - self._opened > _SECONDS_OF_A_STREAM
        return old or self._sent >= _ITEMS_OF_A_STREAM

    def repeated(self) -> pb.StreamValidateFilesRequest | None:
        """The next one that must be sent again."""
        return self._send(*self._again.popleft()) if self._again else None

    def first(self, file: File) -> pb.StreamValidateFilesRequest:
        """A file that has not been sent; without an id of its own it gets its number, from 0."""
        file = self._numbered(file)
        if file.item_id in self._under_way:
            raise ValueError(f"two files have the item_id {file.item_id!r}")
        return self._send(file, 1)

    def put_back(self, file: File) -> None:
        """A file that was taken for a stream that is over."""
        self._again.append((self._numbered(file), 1))

    def _numbered(self, file: File) -> File:
        if not file.item_id:
            file = replace(file, item_id=str(self._count))
        self._count += 1
        return file

    def _send(self, file: File, tries: int) -> pb.StreamValidateFilesRequest:
        request = pb.StreamValidateFilesRequest(file=file.descriptor(), options=self.options)
        if file.uri:
            request.content_uri = file.uri
        else:
            request.content = file.bytes()
        self._under_way[file.item_id] = (file, tries)
        self._sent += 1
        return request

    def answer(self, response: pb.StreamValidateFilesResponse) -> Item | None:
        """What an answer means; None where the item is asked again."""
        file, tries = self._under_way.pop(response.item_id)
        self._broken = 0
        if response.HasField("result"):
            return Item(response.item_id, result=Result.of(response.result))
        error = response.error
        if error.retryable and tries < _TRIES_OF_AN_ITEM:
            self._again.append((file, tries + 1))
            return None
        fault = ItemFault(error.reason, error.message, error.code, error.retryable)
        return Item(response.item_id, fault=fault)

    def pause(self, fault: ScanvetError) -> float:
        """Seconds to wait after a stream that broke; raises what is not worth trying again."""
        self._broken += 1
        worth_while = isinstance(fault, (Overloaded, Unreachable))
        if not worth_while or self._broken >= _BROKEN_STREAMS_IN_A_ROW:
            raise fault
        return fault.retry_after or min(_FIRST_PAUSE * 2**self._broken, _LONGEST_PAUSE)

    def ended_early(self) -> bool:
        """Whether a stream that ended well left files without an answer."""
        return bool(self._under_way)
