// Why a call has no answer, by who must act. What is wrong with a file is a verdict instead.

import { status as Code } from "@grpc/grpc-js";

import { details } from "./wire.js";

/** A call that has no answer. Its subclasses say who must act. */
export class ScanvetError extends Error {
  static advice = "";

  constructor(detail, about = {}) {
    const { reason = "", advice = new.target.advice } = about;
    const told = reason ? `${reason}: ${detail}` : detail;
    super(advice ? `${told}. ${advice}` : told, { cause: about.cause });
    this.name = new.target.name;
    this.detail = detail;
    this.code = about.code ?? Code.UNKNOWN;
    this.reason = reason;
    this.metadata = about.metadata ?? {};
    this.violations = about.violations ?? [];
    this.retryAfterMs = about.retryAfterMs;
    this.requestId = about.requestId ?? "";
  }
}

/** The request breaks the contract: `violations` names each field and its bound. */
export class InvalidArgument extends ScanvetError {
  static advice = "Correct the request; to send it again changes nothing";
}

/** The pinned rule set is not loaded there; `metadata.available` lists those that are. */
export class RulesetNotAvailable extends ScanvetError {
  static advice = "Pin one that is available, or none";
}

/** More than the server takes at all, whatever the rules. */
export class TooLarge extends ScanvetError {
  static advice = "Send less; serverInfo() tells the limits";
}

/** The server does not know the caller, or does not let it in. */
export class NotAllowed extends ScanvetError {
  static advice = "Look at the key, token or certificate that is shown";
}

/** The caller has had more than its share. */
export class RateLimited extends ScanvetError {
  static advice = "Try again after retryAfterMs, and send more slowly";
}

/** The server has no place free, or is about to stop; retries are used up. */
export class Overloaded extends ScanvetError {
  static advice = "Try again after retryAfterMs";
}

/** No server answers; retries are used up. */
export class Unreachable extends ScanvetError {
  static advice = "Look at the address, the network and the certificates";
}

/** No verdict was reached in time. */
export class DeadlineExceeded extends ScanvetError {
  static advice = "Grant more time, or try again when the server has less to do";
}

/** A fault of the server, or something that is no scanvet server. */
export class ServerFault extends ScanvetError {
  static advice = "Tell the operator the request id";
}

const KINDS = new Map([
  [Code.INVALID_ARGUMENT, InvalidArgument],
  [Code.FAILED_PRECONDITION, RulesetNotAvailable],
  [Code.OUT_OF_RANGE, TooLarge],
  [Code.UNAUTHENTICATED, NotAllowed],
  [Code.PERMISSION_DENIED, NotAllowed],
  [Code.DEADLINE_EXCEEDED, DeadlineExceeded],
]);

function kindOf(code, reason) {
  // Without a reason it is the transport that speaks, here or there.
  if (code === Code.UNAVAILABLE) return reason ? Overloaded : Unreachable;
  if (code === Code.RESOURCE_EXHAUSTED) {
    return reason.endsWith("_RATE_EXCEEDED") ? RateLimited : TooLarge;
  }
  return KINDS.get(code) ?? ServerFault;
}

function detailsOf(bytes) {
  const found = {};
  if (bytes === undefined) return found;
  try {
    for (const detail of details["scanvet.details.Status"].deserialize(bytes).details) {
      const name = detail.typeUrl.split(".").at(-1);
      const kind = details[`scanvet.details.${name}`];
      if (detail.typeUrl.includes("google.rpc.") && kind) {
        found[name] = kind.deserialize(detail.value);
      }
    }
  } catch {
    // Somebody else's details: the code alone has to do.
  }
  return found;
}

/** The same fault, with the details that the server sent along. Anything else stays what it is. */
export function ofCall(error) {
  if (typeof error?.code !== "number" || error.metadata === undefined) return error;
  const found = detailsOf(error.metadata.get("grpc-status-details-bin")[0]);
  const delay = found.RetryInfo?.retryDelay;
  const reason = found.ErrorInfo?.reason ?? "";
  return new (kindOf(error.code, reason))(error.details.replace(/[. ]+$/, ""), {
    cause: error,
    code: error.code,
    reason,
    metadata: found.ErrorInfo?.metadata,
    violations: found.BadRequest?.fieldViolations,
    retryAfterMs: delay ? delay.seconds * 1000 + delay.nanos / 1e6 : undefined,
    requestId: String(error.metadata.get("x-request-id")[0] ?? ""),
  });
}
