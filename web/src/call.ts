// Calls to the server that the page came from, and their faults in plain words.

import { createClient, Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ValidationService } from "./gen/scanvet/v1/scanvet_pb";
import { bytes, t } from "./words";

/** Of this visit; never kept. */
let key = "";
let askForKey = () => {};

export const useKey = (text: string): void => void (key = text.trim());
export const hasKey = (): boolean => key !== "";
export const onKeyNeeded = (then: () => void): void => void (askForKey = then);

const withKey: Interceptor = (next) => (request) => {
  if (key) request.header.set("authorization", `Bearer ${key}`);
  return next(request);
};

export const client = createClient(
  ValidationService,
  createGrpcWebTransport({ baseUrl: location.origin, interceptors: [withKey] }),
);

/** Longest that a call may take, so that nobody waits for a server that is gone. */
const PATIENCE = 60_000;
const TRIES = 4;

const pause = (time: number) => new Promise((done) => setTimeout(done, time));

/** Calls, and calls again where the service says that it is busy. */
export async function patiently<T>(call: (options: { timeoutMs: number }) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await call({ timeoutMs: PATIENCE });
    } catch (caught) {
      const error = ConnectError.from(caught);
      const after = Number(error.metadata.get("grpc-retry-pushback-ms"));
      // Without a time it is not the service that speaks.
      if (tried === TRIES || !(after > 0)) throw error;
      await pause(after * (0.8 + 0.4 * Math.random()) * tried);
    }
  }
}

/** What went wrong, for the person before the page, in the language of the moment. */
export function plain(caught: unknown, limit: number, size: number): () => string {
  const error = ConnectError.from(caught);
  const isOurs = error.metadata.has("grpc-status") || error.metadata.has("x-request-id") || error.details.length > 0;
  switch (error.code) {
    case Code.OutOfRange:
      return () => limit ? t("tooLarge", { size: bytes(size), limit: bytes(limit) }) : t("tooLargePlain");
    case Code.ResourceExhausted:
      return () => t("quota");
    case Code.Unavailable:
      return () => t(isOurs ? "busy" : "unreachable");
    case Code.DeadlineExceeded:
      return () => t("slow");
    case Code.Unauthenticated:
      askForKey();
      return () => t("needsKey");
    case Code.PermissionDenied:
      return () => t("notAllowed");
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
      return () => t("invalid", { message: error.rawMessage });
    case Code.Internal:
      if (isOurs) return () => t("internal", { id: error.metadata.get("x-request-id") ?? "-" });
      return () => t("unreachable");
    default:
      // The browser's own words for a broken connection differ.
      return () => t("unreachable");
  }
}

export { Code, ConnectError };
