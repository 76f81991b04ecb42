// The page in a headless Chromium, as a person uses it. `SCANVET` is the program, `CHROMIUM` the browser,
// `SCREENSHOTS` the folder for pictures; `CERTIFICATE` and `KEY` are for a server that speaks TLS.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const samples = join(root, "testdata/samples");
const sample = (name) => join(samples, name);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { SCANVET, CHROMIUM = "chromium", SCREENSHOTS = join(root, "target/web"), CERTIFICATE, KEY } = process.env;
mkdirSync(SCREENSHOTS, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), "scanvet-web-"));

const servers = [];
async function serve(args = [], env = {}) {
  const child = spawn(SCANVET, ["serve", "--listen", "127.0.0.1:0", ...args], { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  servers.push(child);
  const server = { child, log: "" };
  await new Promise((ready, failed) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      server.log += text;
      const line = server.log.split("\n").find((it) => it.includes('"serving"'));
      if (line) ready((server.address = JSON.parse(line).listen));
    });
    child.on("exit", () => failed(new Error(server.log)));
  });
  return server;
}

const browser = await chromium.launch({
  executablePath: spawnSync("sh", ["-c", 'command -v "$0"', CHROMIUM], { encoding: "utf8" }).stdout.trim(),
  // The second is for containers, whose /dev/shm is small.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});

/** A visit whose every request must stay with the server, and which must leave no error behind. */
async function visit(origin, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("blob:")) faults.push(`asks ${url}`);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  // Everything that a screen reader is told.
  await page.addInitScript(() => {
    window.told = [];
    addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
      for (const live of document.querySelectorAll("[aria-live]")) if (live.textContent && live.textContent !== window.told.at(-1)) window.told.push(live.textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true }));
  });
  await page.goto(`${origin}/`);
  return { context, page, faults };
}

const loaded = (page) => page.locator("#load").waitFor({ state: "hidden" });
const card = (page, name) => page.locator("li.item", { has: page.locator("h3", { hasText: name }) });
const judged = (page, name) => card(page, name).and(page.locator("[data-state=accept], [data-state=reject], [data-state=review], [data-state=failed]")).waitFor();
const field = (page, label) => page.locator("[role=tabpanel]:not([hidden]) .view > :first-child").getByLabel(label, { exact: true });
const files = (page) => page.locator("input[type=file][multiple]");

// A browser without a window may drop a chooser while the machine is busy: who presses again gets it.
async function opened(page) {
  for (let left = 3; ; left--) {
    const chooser = page.waitForEvent("filechooser", { timeout: 20_000 });
    await page.keyboard.press("Enter");
    try {
      return await chooser;
    } catch (fault) {
      if (left === 1) throw fault;
    }
  }
}

async function shot(page, name) {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const told = violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(told, [], what);
}

async function fits(page, what) {
  const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(needed <= there, `${what}: ${needed} px wide in a window of ${there}`);
}

const steps = {
  async "a good and a bad file, in both languages"() {
    const server = await serve();
    const origin = `http://${server.address}`;
    const { page, context, faults } = await visit(origin);
    await loaded(page);
    await accessible(page, "before anything is done");
    await field(page, "Provider's rules").selectOption("alibaba-2019");
    await field(page, "What the file shows").selectOption("id-card-front");
    await field(page, "Province").selectOption("CN-SH");
    await files(page).setInputFiles(["accept-card.jpg", "reject-card-grey.jpg", "reject-card-blurred.jpg", "accept-form.jpg"].map(sample));
    for (const name of ["accept-card.jpg", "reject-card-grey.jpg", "reject-card-blurred.jpg", "accept-form.jpg"]) await judged(page, name);
    const good = card(page, "accept-card.jpg");
    const bad = card(page, "reject-card-grey.jpg");
    assert.equal(await good.locator(".badge").innerText(), "Accepted");
    assert.equal(await bad.locator(".badge").innerText(), "Rejected");
    const advice = await bad.locator(".findings").innerText();
    assert.match(advice, /COLOUR_MISSING/);
    assert.match(advice, /colour/i);
    assert.ok(await bad.locator("figure img").evaluate((image) => image.complete && image.naturalWidth > 300), "an annotated picture");
    assert.equal(await page.locator(".counts").first().innerText(), "1 accepted, 2 rejected, 1 for review, 0 not checked");
    await page.waitForFunction(() => window.told.join(" ").includes("reject-card-grey.jpg: Rejected"));

    await bad.locator("summary").click();
    const [json, call] = await bad.locator("pre").allInnerTexts();
    const answer = JSON.parse(json);
    assert.equal(answer.result.verdict, "VERDICT_REJECT");
    assert.equal(answer.result.provenance.context.province, "CN-SH");
    assert.match(call, /grpcurl -plaintext -d @ 127\.0\.0\.1:\d+ scanvet\.v1\.ValidationService\/ValidateFile/);
    if (spawnSync("grpcurl", ["-version"]).status === 0) {
      const { stdout, stderr } = spawnSync("sh", ["-c", call], { cwd: samples, encoding: "utf8" });
      const { result } = JSON.parse(stdout || assert.fail(stderr));
      assert.equal(result.verdict, "VERDICT_REJECT");
      assert.deepEqual(result.findings, answer.result.findings);
    } else {
      console.log("skipped: grpcurl is not installed");
    }
    await accessible(page, "verdicts");
    await bad.locator("summary").click();
    await fits(page, "verdicts");
    await shot(page, "desktop-en");

    await page.getByRole("button", { name: "中文" }).click();
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    assert.equal(await good.locator(".badge").innerText(), "通过");
    assert.equal(await bad.locator(".badge").innerText(), "不通过");
    assert.match(await bad.locator(".findings").innerText(), /彩色/);
    await accessible(page, "verdicts in Chinese");
    await shot(page, "desktop-zh");
    const own = await page.evaluate(() => document.body.innerText.replaceAll("English", ""));
    const latin = own.split("\n").filter((line) => /[a-z]{4,} [a-z]{3,}/i.test(line));
    assert.deepEqual(latin, [], "no English is left");

    // Another slot: judged again at once.
    await good.getByRole("combobox").selectOption("verification-photo");
    await good.and(page.locator("[data-state=waiting], [data-state=checking]")).waitFor({ state: "detached" });
    await page.waitForFunction(() => document.querySelector("li.item .badge")?.textContent === "不通过");

    await page.reload();
    await loaded(page);
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    assert.deepEqual(await page.evaluate(() => [Object.entries(localStorage), sessionStorage.length, document.cookie]), [[["scanvet.language", "zh-CN"]], 0, ""]);
    assert.equal(await page.locator("li.item").count(), 0);
    assert.doesNotMatch(server.log, /accept-card|reject-card|\.jpg/, "no file names in the log");
    assert.deepEqual(faults, []);
    await context.close();
  },

  async "files that cannot be judged are told in plain words"() {
    const server = await serve();
    const { page, context, faults } = await visit(`http://${server.address}`);
    await loaded(page);
    writeFileSync(join(scratch, "large.jpg"), Buffer.alloc(21 << 20, 7));
    writeFileSync(join(scratch, "empty.jpg"), "");
    await files(page).setInputFiles([join(scratch, "large.jpg"), join(scratch, "empty.jpg"), sample("reject-text-named.jpg")]);
    await judged(page, "large.jpg");
    assert.match(await card(page, "large.jpg").innerText(), /The file has 21 MB; this server takes files below 20 MB/);
    await judged(page, "empty.jpg");
    assert.match(await card(page, "empty.jpg").innerText(), /The file is empty/);
    await judged(page, "reject-text-named.jpg");
    assert.equal(await card(page, "reject-text-named.jpg").locator(".badge").innerText(), "Rejected");
    await shot(page, "faults-en");

    server.child.kill("SIGKILL");
    await files(page).setInputFiles([sample("accept-card.jpg")]);
    await judged(page, "accept-card.jpg");
    assert.match(await card(page, "accept-card.jpg").innerText(), /The service cannot be reached/);
    await accessible(page, "faults");
    assert.deepEqual(faults, []);
    await context.close();

    // All of the memory that is set aside is taken by a call that goes on and on.
    const busy = await serve([], { SCANVET_SERVE__MAX_BYTES_IN_FLIGHT: "1000", SCANVET_SERVE__MAX_DEADLINE_SECONDS: "120" });
    const slow = connect(Number(busy.address.split(":")[1]), "127.0.0.1");
    slow.write(`POST /scanvet.v1.ValidationService/ValidateFile HTTP/1.1\r\nHost: ${busy.address}\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 1000000\r\n\r\n\0\0\x01\0\0half`);
    const crowded = await visit(`http://${busy.address}`);
    await loaded(crowded.page);
    await files(crowded.page).setInputFiles([sample("accept-card.jpg")]);
    await judged(crowded.page, "accept-card.jpg");
    assert.match(await card(crowded.page, "accept-card.jpg").innerText(), /The service is busy/);
    slow.destroy();
    await crowded.context.close();
  },

  async "a server that wants a key is asked with one"() {
    const key = "a key that nobody guesses, of more than 32 characters";
    writeFileSync(join(scratch, "keys.toml"), `"web" = "sha256:${createHash("sha256").update(key).digest("hex")}"\n`);
    const server = await serve([], { SCANVET_SERVE__ACCESS__API_KEYS: join(scratch, "keys.toml") });
    const { page, context, faults } = await visit(`http://${server.address}`);
    await page.getByLabel("Access key").waitFor();
    await accessible(page, "a key is wanted");
    await page.keyboard.type(key);
    await page.keyboard.press("Enter");
    await loaded(page);
    await files(page).setInputFiles([sample("accept-card.jpg")]);
    await judged(page, "accept-card.jpg");
    assert.equal(await card(page, "accept-card.jpg").locator(".badge").innerText(), "Accepted");
    assert.doesNotMatch(await page.content(), /nobody guesses/);
    assert.deepEqual(faults, []);
    await context.close();
  },

  async "by keyboard alone"() {
    const server = await serve();
    const { page, context, faults } = await visit(`http://${server.address}`);
    await loaded(page);
    const focused = () => page.evaluate(() => {
      const it = document.activeElement;
      return it.labels?.[0]?.textContent || it.getAttribute("aria-label") || it.textContent;
    });
    const order = [];
    for (let stop = 0; stop < 10; stop++) {
      await page.keyboard.press("Tab");
      order.push(await focused());
      const ringed = await page.evaluate(() => {
        const it = document.activeElement;
        const shown = it.matches("input[type=file]") ? it.nextElementSibling : it;
        return getComputedStyle(shown).outlineStyle !== "none";
      });
      assert.ok(ringed, `${order.at(-1)} shows that it has the focus`);
    }
    assert.deepEqual(order, ["Skip to the content", "中文", "English", "Check files", "Provider's rules", "What the file shows", "Province", "More about the filing", "Choose files, or drop them here", "Take a photo"]);
    await page.keyboard.press("Shift+Tab");
    await (await opened(page)).setFiles([sample("reject-card-dark.jpg")]);
    await judged(page, "reject-card-dark.jpg");
    await page.waitForFunction(() => window.told.join(" ").includes("reject-card-dark.jpg: Rejected"));
    // On to the card, its details, and away with it.
    for (const wanted of ["Take a photo", "Remove all", "What the file shows", "Remove reject-card-dark.jpg"]) {
      await page.keyboard.press("Tab");
      assert.equal(await focused(), wanted);
    }
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("li.item").count(), 0);
    assert.equal(await focused(), "Choose files, or drop them here");
    // To the other view by arrows.
    await page.getByRole("tab", { name: "Check files" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), "Plan a filing");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Provider's rules");
    assert.deepEqual(faults, []);
    await context.close();
  },

  async "what a filing needs"() {
    const server = await serve();
    const { page, context, faults } = await visit(`http://${server.address}`);
    await loaded(page);
    await page.getByRole("tab", { name: "Plan a filing" }).click();
    await field(page, "Provider's rules").selectOption("alibaba-2019");
    await field(page, "Province").selectOption("CN-SH");
    await field(page, "Who files").selectOption("company");
    await field(page, "Kind of filing").selectOption("initial");
    await page.getByRole("button", { name: "Show what is needed" }).click();
    await page.getByRole("heading", { name: "Steps" }).waitFor();
    const plan = page.locator("[role=tabpanel]:not([hidden])");
    const text = await plan.innerText();
    assert.match(text, /Identity card, portrait side/);
    assert.match(text, /below 4 MB/);
    assert.match(text, /long side at least 800 px/);
    assert.match(text, /JPEG, PNG, GIF/);
    await accessible(page, "a plan");
    await fits(page, "a plan");
    await shot(page, "plan-en");
    await page.getByRole("button", { name: "中文" }).click();
    assert.match(await plan.innerText(), /身份证人像面[^]*长边不小于 800 px/);
    await shot(page, "plan-zh");
    await plan.getByRole("button", { name: "检查此材料: 身份证国徽面" }).first().click();
    assert.equal(await field(page, "材料类型").inputValue(), "id-card-back");
    assert.equal(await field(page, "接入商规则").inputValue(), "alibaba-2019");
    assert.deepEqual(faults, []);
    await context.close();
  },

  async "on a phone, and by camera"() {
    const server = await serve();
    const origin = `http://${server.address}`;
    const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: "zh-CN" };
    const { page, context, faults } = await visit(origin, phone);
    await loaded(page);
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN", "the browser's language");
    await field(page, "材料类型").selectOption("id-card-front");
    await files(page).setInputFiles(["accept-card.jpg", "reject-card-washed-out.jpg"].map(sample));
    await judged(page, "accept-card.jpg");
    await judged(page, "reject-card-washed-out.jpg");
    await fits(page, "a phone");
    await accessible(page, "a phone");
    await shot(page, "phone-zh");
    await page.getByRole("button", { name: "English" }).click();
    await fits(page, "a phone in English");
    await shot(page, "phone-en");
    assert.deepEqual(faults, []);
    await context.close();

    const desk = await visit(origin);
    await loaded(desk.page);
    await desk.page.getByRole("button", { name: "Take a photo" }).click();
    const shoot = desk.page.getByRole("button", { name: "Take the picture" });
    await shoot.and(desk.page.locator(":enabled")).waitFor();
    await accessible(desk.page, "the camera");
    await shoot.click();
    await judged(desk.page, "photo.jpg");
    assert.notEqual(await card(desk.page, "photo.jpg").getAttribute("data-state"), "failed");
    assert.deepEqual(desk.faults, []);
    await desk.context.close();
  },

  async "dropped files, over TLS"() {
    if (!CERTIFICATE) return console.log("skipped: no certificate was given");
    const server = await serve(["--tls-certificate", CERTIFICATE, "--tls-key", KEY]);
    const { page, context, faults } = await visit(`https://${server.address}`, { ignoreHTTPSErrors: true });
    await loaded(page);
    const content = readFileSync(sample("accept-card.jpg")).toString("base64");
    await page.evaluate(async (content) => {
      const bytes = Uint8Array.from(atob(content), (it) => it.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
      document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, content);
    await judged(page, "dropped.jpg");
    assert.equal(await card(page, "dropped.jpg").locator(".badge").innerText(), "Accepted");
    await card(page, "dropped.jpg").locator("summary").click();
    assert.doesNotMatch((await card(page, "dropped.jpg").locator("pre").allInnerTexts())[1], /-plaintext/);
    assert.deepEqual(faults, []);
    await context.close();
  },

  async "a page of another origin gets nothing"() {
    const server = await serve();
    const other = await serve();
    // The page itself may ask nobody else, by its own policy.
    const { page, context } = await visit(`http://${other.address}`);
    for (const type of ["application/grpc-web+proto", "text/plain"]) {
      for (const mode of ["cors", "no-cors"]) {
        const got = await page.evaluate(async ([url, type, mode]) => {
          const ask = { method: "POST", headers: { "content-type": type }, body: new Uint8Array(5), mode };
          const response = await fetch(url, ask).catch(() => undefined);
          return response && [response.type, response.status];
        }, [`http://${server.address}/scanvet.v1.ValidationService/GetServerInfo`, type, mode]);
        assert.equal(got, undefined, `${type} ${mode}`);
      }
    }
    await context.close();

    // And a page without a policy is refused.
    const stranger = await browser.newContext();
    const tab = await stranger.newPage();
    await stranger.route("http://evil.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>evil</title>" }));
    await tab.goto("http://evil.example/");
    for (const [type, mode] of [["application/grpc-web+proto", "cors"], ["text/plain", "cors"], ["text/plain", "no-cors"]]) {
      const got = await tab.evaluate(async ([url, type, mode]) => {
        const ask = { method: "POST", headers: { "content-type": type }, body: new Uint8Array(5), mode };
        const response = await fetch(url, ask).catch(() => undefined);
        return response && [response.type, response.status, await response.text()];
      }, [`http://${server.address}/scanvet.v1.ValidationService/GetServerInfo`, type, mode]);
      assert.ok(got === undefined || (got[0] === "opaque" && got[2] === ""), `${type} ${mode}: ${got}`);
    }
    assert.equal(server.log.includes('"rpc":"GetServerInfo"'), false, "no call was let in");
    await stranger.close();
  },
};

let failed = 0;
const only = process.argv[2];
for (const [name, step] of Object.entries(steps)) {
  if (only && !name.includes(only)) continue;
  const begun = Date.now();
  try {
    await step();
    console.log(`ok: ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAILED: ${name}\n${error.stack}`);
    for (const page of browser.contexts().flatMap((context) => context.pages())) await page.screenshot({ path: join(SCREENSHOTS, "failed.png"), fullPage: true }).catch(() => {});
    for (const context of browser.contexts()) await context.close();
  }
}
await browser.close();
for (const server of servers) server.kill("SIGKILL");
process.exit(failed ? 1 : 0);
