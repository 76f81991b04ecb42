"""What the tests share: the real program as a server, and a made-up one that does as it is told."""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from scanvet.v1 import scanvet_pb2 as pb
from scanvet.v1 import scanvet_pb2_grpc

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("SCANVET", str(ROOT / "target/release/scanvet"))
SAMPLES = ROOT / "testdata/samples"
# Servers that die and callers that are slow are what is tested here: nobody need be told.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
logging.getLogger("asyncio").setLevel(logging.ERROR)


@contextmanager
def server(*arguments: str) -> Iterator[str]:
    """The address of the real program, on a free port."""
    command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", *arguments]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        first = json.loads(child.stderr.readline())
        log = child.stderr
        threading.Thread(target=lambda: [None for _ in log], daemon=True).start()
        yield first["listen"]
    finally:
        child.kill()
        child.wait()
        child.stderr.close()


def checked(path: Path, *arguments: str) -> dict[str, Any]:
    """What the command line says of a file."""
    command = [PROGRAM, "check", "--format", "json", *arguments, str(path)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    answer: dict[str, Any] = json.loads(output)
    return answer


def noise(size: int) -> bytes:
    """Bytes that begin like a JPEG."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(1).randbytes(size - 11)


def fault(
    code: grpc.StatusCode, reason: str = "", retry_after_ms: int | None = None
) -> Callable[[grpc.ServicerContext], None]:
    """Ends a call as the real server does."""

    def end(context: grpc.ServicerContext) -> None:
        details = []
        trailers: list[tuple[str, str | bytes]] = [("x-request-id", "call-7")]
        if reason:
            info = error_details_pb2.ErrorInfo(
                reason=reason, domain="scanvet", metadata={"per_second": "20"}
            )
            details.append(info)
        if retry_after_ms is not None:
            delay = duration_pb2.Duration()
            delay.FromMilliseconds(retry_after_ms)
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
            trailers.append(("grpc-retry-pushback-ms", str(retry_after_ms)))
        status = status_pb2.Status(code=code.value[0], message="said so")
        for detail in details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        trailers.append(("grpc-status-details-bin", status.SerializeToString()))
        context.set_trailing_metadata(tuple(trailers))
        context.abort(code, "said so")

    return end


class Fake(scanvet_pb2_grpc.ValidationServiceServicer):
    """Does with each call what `script` says next; when it is at its end, accepts."""

    def __init__(self, *script: Callable[[grpc.ServicerContext], None]) -> None:
        self.script = list(script)
        self.calls = 0
        self.verdict = pb.VERDICT_ACCEPT
        self.received: list[int] = []
        self.streams: list[list[str]] = []
        self.answers_of_a_stream = 0

    def _next(self, context: grpc.ServicerContext) -> None:
        self.calls += 1
        if self.script:
            self.script.pop(0)(context)

    def _result(self, size: int, item_id: str = "") -> pb.ValidationResult:
        self.received.append(size)
        return pb.ValidationResult(item_id=item_id, verdict=self.verdict)

    def ValidateFile(self, request, context):  # type: ignore[no-untyped-def]
        self._next(context)
        return pb.ValidateFileResponse(result=self._result(len(request.content)))

    def UploadAndValidateFile(self, requests, context):  # type: ignore[no-untyped-def]
        size = sum(len(request.chunk) for request in requests)
        self._next(context)
        return pb.UploadAndValidateFileResponse(result=self._result(size))

    def StreamValidateFiles(self, requests, context):  # type: ignore[no-untyped-def]
        seen: list[str] = []
        self.streams.append(seen)
        for request in requests:
            seen.append(request.file.item_id)
            if 0 < self.answers_of_a_stream < len(seen):
                self._next(context)
            result = self._result(len(request.content), request.file.item_id)
            yield pb.StreamValidateFilesResponse(item_id=request.file.item_id, result=result)


@contextmanager
def fake(servicer: Fake) -> Iterator[str]:
    """The address of the made-up server."""
    most = [("grpc.max_receive_message_length", 64 << 20)]
    server = grpc.server(futures.ThreadPoolExecutor(8), options=most)
    scanvet_pb2_grpc.add_ValidationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)
