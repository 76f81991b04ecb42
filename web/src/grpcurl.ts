// The call that gives the same answer from a shell.

import { create, toJson } from "@bufbuild/protobuf";
import { hasKey } from "./call";
import { EvidenceLevel, PlanFilingRequestSchema, ValidateFileRequestSchema, type FilingContext } from "./gen/scanvet/v1/scanvet_pb";

const SERVICE = "scanvet.v1.ValidationService";

/** A word of a shell, whatever is in it. */
const quoted = (text: string): string => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function call(method: string): string {
  const port = location.port || (location.protocol === "https:" ? "443" : "80");
  const plain = location.protocol === "https:" ? "" : " -plaintext";
  const key = hasKey() ? ' -H "authorization: Bearer $KEY"' : "";
  return `grpcurl${plain}${key} -d @ ${location.hostname}:${port} ${SERVICE}/${method}`;
}

export function grpcurl(file: string, slot: string, type: string, context: FilingContext): string {
  const request = create(ValidateFileRequestSchema, {
    file: { slot, declaredMediaType: type },
    options: { locales: ["zh-CN", "en"], evidenceLevel: EvidenceLevel.ANNOTATED_IMAGE, context },
  });
  const json = JSON.stringify(toJson(ValidateFileRequestSchema, request));
  // A name that begins with a dash is no option.
  const path = quoted(file.startsWith("-") ? `./${file}` : file);
  return `{ printf %s ${quoted(`${json.slice(0, -1)},"content":"`)}; base64 < ${path} | tr -d '\\n'; printf '"}'; } |\n  ${call("ValidateFile")}`;
}

export function grpcurlPlan(context: FilingContext): string {
  const json = JSON.stringify(toJson(PlanFilingRequestSchema, create(PlanFilingRequestSchema, { context, locales: ["zh-CN", "en"] })));
  return `printf %s ${quoted(json)} |\n  ${call("PlanFiling")}`;
}
