// Compiles: what a program in TypeScript writes. Is not run.

import * as scanvet from "scanvet";

export async function judge(path: string): Promise<scanvet.Verdict> {
  const client = new scanvet.Client("https://localhost:50051", {
    context: { profile: "alibaba-2019", province: "CN-SH" },
    options: { locales: ["zh-CN"], evidence: "annotated-image" },
    token: async () => "secret",
    ca: Buffer.from("x"),
  });
  try {
    const result = await client.validatePath(path, "id-card-front", { timeoutMs: 5000 });
    const bounds: (number | undefined)[] = result.findings[0]?.measurements.map((m) => m.min) ?? [];
    for await (const item of client.validateMany([{ slot: "passport", path }], { window: 4 })) {
      if (item.fault?.retryable) return "REVIEW";
    }
    const filing = await client.validateFiling([{ slot: "passport", content: Buffer.from("x") }]);
    const plan = await client.plan();
    const texts: string[] = plan.uploads.map((upload) => upload.text("zh-CN"));
    return bounds.length + texts.length > 0 ? filing.verdict : result.verdict;
  } catch (error) {
    if (error instanceof scanvet.Overloaded) setTimeout(() => {}, error.retryAfterMs ?? 0);
    // @ts-expect-error: there is no such verdict
    return "MAYBE";
  } finally {
    client.close();
    // @ts-expect-error: there is no such option
    new scanvet.Client("", { apikey: "x" });
  }
}
