"""The client for programs that run on an event loop."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
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
# Files, and what ends them.
Source = asyncio.Queue["File | Exception | None"]


class AsyncClient:
    """Asks a scanvet server; the same as `Client`, awaited. Make it on the loop that uses it."""

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
            grpc.aio.insecure_channel(dial.target, dial.options)
            if dial.credentials is None
            else grpc.aio.secure_channel(dial.target, dial.credentials, dial.options)
        )
        self._stub = scanvet_pb2_grpc.ValidationServiceStub(self._channel)

    async def validate_path(
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
        file = await asyncio.to_thread(open, path, "rb")
        try:
            if os.fstat(file.fileno()).st_size > _wire.STREAM_ABOVE_BYTES:
                return await self._upload(file, slot, item_id, media_type, told, timeout)
            content = await asyncio.to_thread(file.read)
        finally:
            file.close()
        return await self._whole(content, slot, item_id, media_type, told, timeout)

    async def validate_bytes(
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
            return await self._upload(file, slot, item_id, media_type, told, timeout)
        return await self._whole(content, slot, item_id, media_type, told, timeout)

    async def validate_filing(
        self,
        files: Iterable[File],
        *,
        context: Context | None = None,
        options: Options | None = None,
        timeout: float | None = None,
    ) -> FilingResult:
        """Judges the 1 to 16 files of one filing: each, what is missing, what they say of each other."""
        request = await asyncio.to_thread(_wire.filing, files, self._told(context, options))
        return FilingResult.of(await self._call(self._stub.ValidateFiling, request, timeout))

    async def validate_many(
        self,
        files: Iterable[File] | AsyncIterable[File],
        *,
        context: Context | None = None,
        options: Options | None = None,
        window: int = 16,
    ) -> AsyncIterator[Item]:
        """Judges any number of files, at most `window` at a time; answers come as they are ready.

        Give each file an `item_id`, or it gets its number. What fails is sent again on a new stream.
        """
        batch = Batch(self._told(context, options))
        source: Source = asyncio.Queue(1)
        feeding = asyncio.create_task(_feed(source, files))
        try:
            while not batch.done:
                batch.open()
                try:
                    async for item in self._stream(batch, source, window):
                        yield item
                except grpc.RpcError as error:
                    await asyncio.sleep(batch.pause(of_rpc(error)))
                else:
                    if batch.ended_early():
                        await asyncio.sleep(batch.pause(Unreachable("the stream ended early")))
        finally:
            feeding.cancel()

    async def plan(
        self,
        context: Context | None = None,
        *,
        locales: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """What a filing must upload, under which limits, and which steps follow."""
        locales = self._options.locales if locales is None else locales
        request = _wire.plan(context or self._context, locales, self._options.ruleset_version)
        return Plan.of(await self._call(self._stub.PlanFiling, request, timeout))

    async def list_profiles(self, *, timeout: float | None = None) -> AsyncIterator[pb.Profile]:
        """The profiles that the server applies."""
        request = pb.ListProfilesRequest()
        while True:
            page: pb.ListProfilesResponse
            page = await self._call(self._stub.ListProfiles, request, timeout)
            for profile in page.profiles:
                yield profile
            if not page.next_page_token:
                return
            request = pb.ListProfilesRequest(page_token=page.next_page_token)

    async def ruleset(
        self, slot: str = "", *, context: Context | None = None, timeout: float | None = None
    ) -> pb.GetRulesetResponse:
        """Every reason with its texts and the bounds in force for a slot."""
        request = pb.GetRulesetRequest(
            ruleset_version=self._options.ruleset_version,
            context=(context or self._context).message(),
            slot=slot,
        )
        rules: pb.GetRulesetResponse = await self._call(self._stub.GetRuleset, request, timeout)
        return rules

    async def server_info(self, *, timeout: float | None = None) -> pb.GetServerInfoResponse:
        """Limits, formats and versions of the server."""
        request = pb.GetServerInfoRequest()
        info: pb.GetServerInfoResponse
        info = await self._call(self._stub.GetServerInfo, request, timeout)
        return info

    async def close(self) -> None:
        """Ends the connections; calls under way are cancelled."""
        await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _told(self, context: Context | None, options: Options | None) -> pb.ValidationOptions:
        return (options or self._options).message(context or self._context)

    async def _call(
        self, method: Callable[..., Awaitable[T]], request: object, timeout: float | None
    ) -> T:
        seconds = self._timeout if timeout is None else timeout
        try:
            return await method(request, timeout=seconds, metadata=self._dial.metadata())
        except grpc.RpcError as error:
            raise of_rpc(error) from error

    async def _whole(
        self,
        content: bytes,
        slot: str,
        item_id: str,
        media_type: str,
        told: pb.ValidationOptions,
        timeout: float | None,
    ) -> Result:
        request = _wire.whole(content, slot, item_id, media_type, told)
        return Result.of((await self._call(self._stub.ValidateFile, request, timeout)).result)

    async def _upload(
        self,
        file: BinaryIO,
        slot: str,
        item_id: str,
        media_type: str,
        told: pb.ValidationOptions,
        timeout: float | None,
    ) -> Result:
        upload = _wire.Upload(file, slot, item_id, media_type, told)
        messages = upload.messages()

        async def requests() -> AsyncIterator[pb.UploadAndValidateFileRequest]:
            # Reading waits for the disk.
            while (message := await asyncio.to_thread(next, messages, None)) is not None:
                yield message

        try:
            method = self._stub.UploadAndValidateFile
            return Result.of((await self._call(method, requests(), timeout)).result)
        except Exception:
            if upload.fault is not None:
                raise upload.fault from None
            raise

    async def _stream(self, batch: Batch, source: Source, window: int) -> AsyncIterator[Item]:
        free = asyncio.Semaphore(window)
        faults: list[Exception] = []

        # Runs in a task of gRPC's own, so what it raises has to be carried over.
        async def requests() -> AsyncIterator[pb.StreamValidateFilesRequest]:
            try:
                while not batch.full:
                    await free.acquire()
                    request = await asyncio.to_thread(batch.repeated)
                    if request is None:
                        file = None if batch.exhausted else await source.get()
                        if file is None:
                            batch.exhausted = True
                            return
                        if isinstance(file, Exception):
                            raise file
                        request = await asyncio.to_thread(batch.first, file)
                    yield request
            except Exception as fault:
                faults.append(fault)

        call = self._stub.StreamValidateFiles(requests(), metadata=self._dial.metadata())
        try:
            async for response in call:
                free.release()
                item = batch.answer(response)
                if item is not None:
                    yield item
        finally:
            call.cancel()
        if faults:
            raise faults[0]


# gRPC cancels who waits for the next request when a stream ends: a queue survives that, an iterator does not.
async def _feed(source: Source, files: Iterable[File] | AsyncIterable[File]) -> None:
    try:
        if isinstance(files, AsyncIterable):
            async for file in files:
                await source.put(file)
        else:
            for file in files:
                await source.put(file)
        await source.put(None)
    except Exception as fault:
        await source.put(fault)
