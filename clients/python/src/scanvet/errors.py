"""Why a call has no answer, by who must act. What is wrong with a file is a verdict instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2


@dataclass(frozen=True)
class Violation:
    """One field of the request that breaks the contract."""

    field: str
    """Path in the request, e.g. "options.context.province"."""
    reason: str
    description: str
    """The bound, e.g. which values are known."""


class ScanvetError(Exception):
    """A call that has no answer. Its subclasses say who must act."""

    advice = ""
    """What to do."""

    def __init__(
        self,
        detail: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        told = f"{reason}: {detail}" if reason else detail
        super().__init__(f"{told}. {self.advice}" if self.advice else told)
        self.detail = detail
        """What the server or the transport says."""
        self.code = code
        self.reason = reason
        """UPPER_SNAKE, for programs; empty where the transport failed."""
        self.metadata: Mapping[str, str] = metadata or {}
        """Everything that varies in the detail, e.g. `known_slots`, `max_file_bytes`."""
        self.violations = tuple(violations)
        self.retry_after = retry_after
        """Seconds after which the server wants to be asked again; None where it names none."""
        self.request_id = request_id
        """Finds the call in the server's log."""


class InvalidArgument(ScanvetError):
    """The request breaks the contract: `violations` names each field and its bound."""

    advice = "Correct the request; to send it again changes nothing"


class RulesetNotAvailable(ScanvetError):
    """The pinned rule set is not loaded there; `metadata["available"]` lists those that are."""

    advice = "Pin one that is available, or none"


class TooLarge(ScanvetError):
    """More than the server takes at all, whatever the rules."""

    advice = "Send less; server_info() tells the limits"


class NotAllowed(ScanvetError):
    """The server does not know the caller, or does not let it in."""

    advice = "Look at the key, token or certificate that is shown"


class RateLimited(ScanvetError):
    """The caller has had more than its share."""

    advice = "Try again after retry_after seconds, and send more slowly"


class Overloaded(ScanvetError):
    """The server has no place free, or is about to stop; retries are used up."""

    advice = "Try again after retry_after seconds"


class Unreachable(ScanvetError):
    """No server answers; retries are used up."""

    advice = "Look at the address, the network and the certificates"


class DeadlineExceeded(ScanvetError):
    """No verdict was reached in time."""

    advice = "Grant more time, or try again when the server has less to do"


class ServerFault(ScanvetError):
    """A fault of the server, or something that is no scanvet server."""

    advice = "Tell the operator the request id"


_CODES: Mapping[grpc.StatusCode, type[ScanvetError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.FAILED_PRECONDITION: RulesetNotAvailable,
    grpc.StatusCode.OUT_OF_RANGE: TooLarge,
    grpc.StatusCode.UNAUTHENTICATED: NotAllowed,
    grpc.StatusCode.PERMISSION_DENIED: NotAllowed,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def _kind(code: grpc.StatusCode, reason: str) -> type[ScanvetError]:
    # Without a reason it is the transport that speaks, here or there.
    if code is grpc.StatusCode.UNAVAILABLE:
        return Overloaded if reason else Unreachable
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return RateLimited if reason.endswith("_RATE_EXCEEDED") else TooLarge
    return _CODES.get(code, ServerFault)


def of_rpc(error: grpc.RpcError) -> ScanvetError:
    """The same fault, with the details that the server sent along."""
    call: Any = error
    code: grpc.StatusCode = call.code()
    heads = [*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())]
    values: dict[str, Any] = dict(heads)
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    bad = error_details_pb2.BadRequest()
    status = status_pb2.Status()
    try:
        status.ParseFromString(values.get("grpc-status-details-bin", b""))
        for detail in status.details:
            for kind in (info, retry, bad):
                detail.Unpack(kind)
    except DecodeError:
        pass  # Somebody else's details: the code alone has to do.
    named = any(detail.Is(retry.DESCRIPTOR) for detail in status.details)
    return _kind(code, info.reason)(
        str(call.details() or code.value[1]).rstrip(". "),
        code=code,
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=[
            Violation(broken.field, broken.reason, broken.description)
            for broken in bad.field_violations
        ],
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if named else None,
        request_id=str(values.get("x-request-id", "")),
    )
