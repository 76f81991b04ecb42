/** Client of scanvet: sends an upload, gets ACCEPT, REJECT or REVIEW with the reasons. */

export type Verdict = "ACCEPT" | "REJECT" | "REVIEW";
export type Severity = "INFO" | "WARNING" | "REVIEW" | "ERROR";
/** A secret, or what is asked for it with every call. */
export type Secret = string | (() => string | Promise<string>);
/** The path of a PEM file, or its content. */
export type Pem = string | Buffer;

/** The filing that the files belong to. What is left out falls back to the server's defaults. */
export interface Context {
  /** Provider's rules, e.g. "alibaba-2019". */
  profile?: string;
  /** ISO 3166-2, e.g. "CN-SH". */
  province?: string;
  /** E.g. "company", "individual". */
  entityType?: string;
  /** E.g. "initial", "transfer". */
  filingType?: string;
  /** Those that need a pre-approval, e.g. "news". */
  contentCategories?: string[];
  /** Day whose rules apply, e.g. "2019-07-01". Default: today in China. */
  asOf?: string;
  /** How the applicant uploads: "web", "mobile-app", "mail". */
  channel?: string;
  paidService?: boolean;
  domainCount?: number;
  issuedElsewhere?: boolean;
}

/** How the answer is to look. */
export interface Options {
  /** Languages of the texts for applicants. Default: zh-CN and en. */
  locales?: string[];
  /** How much evidence to return. Default: regions. */
  evidence?: "none" | "regions" | "annotated-image";
  /** Stop at the first blocking fault. */
  failFast?: boolean;
  /** Return the readings, so that they can be judged again under other rules. */
  readings?: boolean;
  /** Pin a rule set, e.g. "2026.11.0". */
  rulesetVersion?: string;
}

/** What counts for one call instead of the client's own. */
export interface Call {
  context?: Context;
  options?: Options;
  /** Bounds the call with its retries. */
  timeoutMs?: number;
  /** Ends the call. */
  signal?: AbortSignal;
}

export interface FileCall extends Call {
  /** Your own opaque id: at most 64 of [A-Za-z0-9._:-], never a name or number of a person. */
  itemId?: string;
  /** The media type that the uploader claimed. */
  mediaType?: string;
}

/** One of several files: one of `path`, `content` or, in batches, `uri`. */
export interface File {
  /** What it is meant to be, e.g. "id-card-front". */
  slot: string;
  path?: string;
  content?: Uint8Array;
  /** Where the server finds it; its operator must have allowed it. */
  uri?: string;
  itemId?: string;
  mediaType?: string;
}

export interface ClientOptions {
  context?: Context;
  options?: Options;
  timeoutMs?: number;
  /** Who signs the server's certificate. */
  ca?: Pem;
  /** The caller's own certificate, with `key`. */
  certificate?: Pem;
  key?: Pem;
  apiKey?: Secret;
  token?: Secret;
  /** Show a secret over plain connections beyond this machine, too. */
  insecure?: boolean;
  /** Instead of the published service config (JSON). */
  serviceConfig?: string;
}

export interface Measurement {
  name: string;
  value: number;
  unit: string;
  min?: number;
  max?: number;
}

/** A message as it comes over the wire: fields of the proto file in camelCase, enums as their names. */
export type Message = Record<string, any>;

/** One reason. */
export class Finding {
  /** Stable code, e.g. "IMAGE_BLURRED". */
  readonly reason: string;
  readonly severity: Severity;
  readonly ruleId: string;
  /** Counted from 1; 0 = the whole file. */
  readonly page: number;
  /** What the applicant should do, by language. */
  readonly messages: Record<string, string>;
  readonly measurements: Measurement[];
  readonly metadata: Record<string, string>;
  readonly message: Message;
  /** What the applicant should do, in that language or else the first one that was asked for. */
  text(locale?: string): string;
}

/** The verdict on one file. */
export class Result {
  readonly itemId: string;
  readonly verdict: Verdict;
  /** Worst first. */
  readonly findings: Finding[];
  readonly rulesetVersion: string;
  /** JPEG; empty unless asked for. */
  readonly annotatedImage: Buffer;
  readonly message: Message;
  /** Whether nobody need look at the file any more. */
  get accepted(): boolean;
  /** The codes of the findings, worst first. */
  get reasons(): string[];
}

/** The verdict on the files of one filing together. */
export class Filing {
  readonly verdict: Verdict;
  /** Of each file, in the order of the request. */
  readonly results: Result[];
  /** What concerns several files, or one that is missing; worst first. */
  readonly findings: Finding[];
  readonly message: Message;
  get accepted(): boolean;
}

/** What a filing must upload, and which steps follow. */
export class Plan {
  readonly uploads: (Message & {
    id: string;
    slot: string;
    required: boolean;
    texts: Record<string, string>;
    text(locale?: string): string;
  })[];
  readonly steps: (Message & {
    id: string;
    optional: boolean;
    texts: Record<string, string>;
    text(locale?: string): string;
  })[];
  readonly message: Message;
}

/** One answer of a batch: `result`, or the `fault` for which there is none. */
export interface Item {
  itemId: string;
  result?: Result;
  fault?: { code: number; reason: string; message: string; retryable: boolean };
}

/** Asks a scanvet server: host:port, http:// or https://. */
export class Client {
  constructor(address?: string, options?: ClientOptions);
  /** Judges a file of this machine. Its name is not sent, only the type that its extension claims. */
  validatePath(path: string, slot: string, call?: FileCall): Promise<Result>;
  /** Judges bytes. */
  validateBytes(content: Uint8Array, slot: string, call?: FileCall): Promise<Result>;
  /** Judges the 1 to 16 files of one filing: each, what is missing, what they say of each other. */
  validateFiling(files: Iterable<File>, call?: Call): Promise<Filing>;
  /** Judges any number of files, at most `window` at a time; answers come as they are ready. */
  validateMany(
    files: Iterable<File> | AsyncIterable<File>,
    call?: { context?: Context; options?: Options; window?: number },
  ): AsyncGenerator<Item, void, undefined>;
  /** What a filing must upload, under which limits, and which steps follow. */
  plan(context?: Context, call?: Call): Promise<Plan>;
  /** The profiles that the server applies. */
  listProfiles(call?: Call): AsyncGenerator<Message & { id: string }, void, undefined>;
  /** Every reason with its texts and the bounds in force for a slot. */
  ruleset(slot?: string, call?: Call): Promise<Message>;
  /** Limits, formats and versions of the server. */
  serverInfo(call?: Call): Promise<Message>;
  /** Ends the connections. */
  close(): void;
}

/** A call that has no answer. Its subclasses say who must act. */
export class ScanvetError extends Error {
  /** What the server or the transport says. */
  readonly detail: string;
  /** Number of the gRPC status. */
  readonly code: number;
  /** UPPER_SNAKE, for programs; empty where the transport failed. */
  readonly reason: string;
  /** Everything that varies in the detail. */
  readonly metadata: Record<string, string>;
  /** Fields of the request that break the contract, each with its bound. */
  readonly violations: { field: string; reason: string; description: string }[];
  /** When the server wants to be asked again. */
  readonly retryAfterMs?: number;
  /** Finds the call in the server's log. */
  readonly requestId: string;
}
/** The request breaks the contract. */
export class InvalidArgument extends ScanvetError {}
/** The pinned rule set is not loaded there. */
export class RulesetNotAvailable extends ScanvetError {}
/** More than the server takes at all, whatever the rules. */
export class TooLarge extends ScanvetError {}
/** The server does not know the caller, or does not let it in. */
export class NotAllowed extends ScanvetError {}
/** The caller has had more than its share. */
export class RateLimited extends ScanvetError {}
/** The server has no place free, or is about to stop. */
export class Overloaded extends ScanvetError {}
/** No server answers. */
export class Unreachable extends ScanvetError {}
/** No verdict was reached in time. */
export class DeadlineExceeded extends ScanvetError {}
/** A fault of the server, or something that is no scanvet server. */
export class ServerFault extends ScanvetError {}
