"""The client for programs that wait."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import BinaryIO, TypeVar

import grpc

from . import _wire
from ._batch import Batch, Item
from ._channel import Dial, PemSource, Secret
from .errors import Unreachable, of_rpc
from .inputs import Context, File, Options
from .results import FilingResult, Plan, Result
from .v1 import scanvet_pb2 as pb
from .v1 import scanvet_pb2_grpc

T = TypeVar("T")


class Client:
    """Asks a scanvet server. Safe to use from several threads; close it, or use it with `with`.

    `address` is host:port, http:// or https://. With `ca` (who signs the server's certificate, PEM) or
    `certificate` and `key` (the caller's own) connections are by TLS. `api_key` or `token` may be a function,
    asked with every call. They are not sent over plain connections beyond this machine unless `insecure`
    says that something else protects them. `timeout` (seconds) bounds a call with its retries; the
    published service config, which `service_config` (JSON) replaces, bounds it too.
    """

    def __init__(
        self,
        address: str = "127.0.0.1:50051",
        *,
        context: Context = Context(),
        options: Options = Options(),
        timeout: float | None = None,
        ca: PemSource | None = None,
        certificate: PemSource | None = None,
        key: PemSource | None = None,
        api_key: Secret | None = None,
        token: Secret | None = None,
        insecure: bool = False,
        service_config: str | None = None,
    ) -> None:
        self._dial = Dial(
            address,
            ca=ca,
            certificate=certificate,
            key=key,
            api_key=api_key,
            token=token,
            insecure=insecure,
            config=service_config,
        )
        self._context, self._options, self._timeout = context, options, timeout
        dial = self._dial
        self._channel = (
            grpc.insecure_channel(dial.target, dial.options)
            if dial.credentials is None
            else grpc.secure_channel(dial.target, dial.credentials, dial.options)
        )
        self._stub = scanvet_pb2_grpc.ValidationServiceStub(self._channel)

    def validate_path(
        self,
        path: str | os.PathLike[str],
        slot: str,
        *,
        item_id: str = "",
        media_type: str | None = None,
        context: Context | None = None,
        options: Options | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Judges a file of this machine. Its name is not sent, only the type that its extension claims."""
        told = self._told(context, options)
        media_type = _wire.claimed(path, media_type)
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > _wire.STREAM_ABOVE_BYTES:
                return self._upload(file, slot, item_id, media_type, told, timeout)
            content = file.read()
        return self._whole(content, slot, item_id, media_type, told, timeout)

    def validate_bytes(
        self,
        content: bytes,
        slot: str,
        *,
        item_id: str = "",
        media_type: str = "",
        context: Context | None = None,
        options: Options | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Judges bytes. `media_type` is what their uploader claims, if anything."""
        told = self._told(context, options)
        if len(content) > _wire.STREAM_ABOVE_BYTES:
            file = io.BytesIO(content)
            return self._upload(file, slot, item_id, media_type, told, timeout)
        return self._whole(content, slot, item_id, media_type, told, timeout)

    def validate_filing(
        self,
        files: Iterable[File],
        *,
        context: Context | None = None,
        options: Options | None = None,
        timeout: float | None = None,
    ) -> FilingResult:
        """Judges the 1 to 16 files of one filing: each, what is missing, what they say of each other."""
        request = _wire.filing(files, self._told(context, options))
        return FilingResult.of(self._call(self._stub.ValidateFiling, request, timeout))

    def validate_many(
        self,
        files: Iterable[File],
        *,
        context: Context | None = None,
        options: Options | None = None,
        window: int = 16,
    ) -> Iterator[Item]:
        """Judges any number of files, at most `window` at a time; answers come as they are ready.

        Give each file an `item_id`, or it gets its number. What fails is sent again on a new stream.
        """
        batch = Batch(self._told(context, options))
        source, turn = iter(files), threading.Lock()
        while not batch.done:
            batch.open()
            try:
                yield from self._stream(batch, source, turn, window)
            except grpc.RpcError as error:
                time.sleep(batch.pause(of_rpc(error)))
            else:
                if batch.ended_early():
                    time.sleep(batch.pause(Unreachable("the stream ended early")))

    def plan(
        self,
        context: Context | None = None,
        *,
        locales: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """What a filing must upload, under which limits, and which steps follow."""
        locales = self._options.locales if locales is None else locales
        request = _wire.plan(context or self._context, locales, self._options.ruleset_version)
        return Plan.of(self._call(self._stub.PlanFiling, request, timeout))

    def list_profiles(self, *, timeout: float | None = None) -> Iterator[pb.Profile]:
        """The profiles that the server applies."""
        request = pb.ListProfilesRequest()
        while True:
            page: pb.ListProfilesResponse = self._call(self._stub.ListProfiles, request, timeout)
            yield from page.profiles
            if not page.next_page_token:
                return
            request = pb.ListProfilesRequest(page_token=page.next_page_token)

    def ruleset(
        self, slot: str = "", *, context: Context | None = None, timeout: float | None = None
    ) -> pb.GetRulesetResponse:
        """Every reason with its texts and the bounds in force for a slot."""
        request = pb.GetRulesetRequest(
            ruleset_version=self._options.ruleset_version,
            context=(context or self._context).message(),
            slot=slot,
        )
        rules: pb.GetRulesetResponse = self._call(self._stub.GetRuleset, request, timeout)
        return rules

    def server_info(self, *, timeout: float | None = None) -> pb.GetServerInfoResponse:
        """Limits, formats and versions of the server."""
        request = pb.GetServerInfoRequest()
        info: pb.GetServerInfoResponse = self._call(self._stub.GetServerInfo, request, timeout)
        return info

    def close(self) -> None:
        """Ends the connections; calls under way are cancelled."""
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _told(self, context: Context | None, options: Options | None) -> pb.ValidationOptions:
        return (options or self._options).message(context or self._context)

    def _call(self, method: Callable[..., T], request: object, timeout: float | None) -> T:
        seconds = self._timeout if timeout is None else timeout
        try:
            return method(request, timeout=seconds, metadata=self._dial.metadata())
        except grpc.RpcError as error:
            raise of_rpc(error) from error

    def _whole(
        self,
        content: bytes,
        slot: str,
        item_id: str,
        media_type: str,
        told: pb.ValidationOptions,
        timeout: float | None,
    ) -> Result:
        request = _wire.whole(content, slot, item_id, media_type, told)
        return Result.of(self._call(self._stub.ValidateFile, request, timeout).result)

    def _upload(
        self,
        file: BinaryIO,
        slot: str,
        item_id: str,
        media_type: str,
        told: pb.ValidationOptions,
        timeout: float | None,
    ) -> Result:
        upload = _wire.Upload(file, slot, item_id, media_type, told)
        try:
            method = self._stub.UploadAndValidateFile
            return Result.of(self._call(method, upload.messages(), timeout).result)
        except Exception:
            if upload.fault is not None:
                raise upload.fault from None
            raise

    def _stream(
        self, batch: Batch, source: Iterator[File], turn: threading.Lock, window: int
    ) -> Iterator[Item]:
        free = threading.Semaphore(window)
        over = threading.Event()
        faults: list[Exception] = []

        def following() -> pb.StreamValidateFilesRequest | None:
            request = batch.repeated()
            if request is not None:
                return request
            file = next(source, None)
            if file is None:
                batch.exhausted = True
                return None
            if over.is_set():
                batch.put_back(file)
                return None
            return batch.first(file)

        # Runs in a thread of gRPC's own, so what it raises has to be carried over.
        def requests() -> Iterator[pb.StreamValidateFilesRequest]:
            try:
                while not batch.full:
                    free.acquire()
                    # The last stream's thread may still wait for the next file.
                    with turn:
                        request = None if over.is_set() else following()
                    if request is None:
                        return
                    yield request
            except Exception as fault:
                faults.append(fault)

        call = self._stub.StreamValidateFiles(requests(), metadata=self._dial.metadata())
        try:
            for response in call:
                free.release()
                item = batch.answer(response)
                if item is not None:
                    yield item
        finally:
            over.set()
            free.release()
            call.cancel()
        if faults:
            raise faults[0]
