// Client of scanvet: sends an upload, gets ACCEPT, REJECT or REVIEW with the reasons.
// A rejected file is an answer; what is thrown says why there is no answer and what to do.

export { Client } from "./client.js";
export {
  DeadlineExceeded,
  InvalidArgument,
  NotAllowed,
  Overloaded,
  RateLimited,
  RulesetNotAvailable,
  ScanvetError,
  ServerFault,
  TooLarge,
  Unreachable,
} from "./errors.js";
export { Filing, Finding, Plan, Result } from "./results.js";
