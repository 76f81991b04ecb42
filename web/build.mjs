// Builds `dist/` from `src/`: a few files that the program embeds. `--out DIR` builds elsewhere.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const out = at < 0 ? join(root, "dist") : process.argv[at + 1];
mkdirSync(out, { recursive: true });

/** What `dist/` is made from, so that anybody can tell whether it is up to date, without node. */
function sources() {
  const below = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? below(join(folder, entry.name)) : [join(folder, entry.name)]);
  const files = [...below(join(root, "src")), ...["build.mjs", "package.json", "package-lock.json", "tsconfig.json"].map((name) => join(root, name))];
  const named = files.map((file) => [relative(root, file).split("\\").join("/"), readFileSync(file)]);
  named.sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash("sha256");
  for (const [name, content] of named) digest.update(`${name} ${content.length}\n`).update(content);
  return digest.digest("hex");
}

const mark = `sources sha256:${sources()}`;
const built = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/* ${mark}; licences: /licences.txt */` },
  write: false,
  metafile: true,
});
writeFileSync(join(out, "app.js"), built.outputFiles[0].contents);
const styled = await build({ absWorkingDir: root, entryPoints: ["src/app.css"], minify: true, write: false });
writeFileSync(join(out, "app.css"), styled.outputFiles[0].contents);
for (const name of ["index.html", "icon.svg"]) writeFileSync(join(out, name), readFileSync(join(root, "src", name)));

// Licences of what went into the bundle, by what the bundle says itself.
const inputs = Object.keys(built.metafile.inputs);
const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
const texts = [...packages].sort().map((name) => {
  const folder = join(root, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const own = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  // Notices that stand in single files, e.g. of code that was taken over.
  const notices = inputs.filter((path) => path.includes(`node_modules/${name}/`)).flatMap((path) =>
    readFileSync(join(root, path), "utf8").match(/(?:^\/\/.*\n)+|\/\*[^]*?\*\//gm) ?? []);
  const kept = new Set(notices.filter((notice) => /Redistribution and use/.test(notice)).map((notice) => notice.replace(/^\/\/ ?/gm, "").trim()));
  const text = [own && readFileSync(join(folder, own), "utf8").trim(), ...kept].filter(Boolean).join("\n\n");
  return { title: `${name} ${version} (${license})`, license, text };
});
const apache = readFileSync(join(root, "..", "LICENSE-APACHE"), "utf8").trim();
const missing = texts.filter(({ license, text }) => !text && license !== "Apache-2.0");
if (missing.length) throw new Error(`no licence text of ${missing.map(({ title }) => title).join(", ")}`);
writeFileSync(join(out, "licences.txt"), [
  "The page of scanvet is MIT OR Apache-2.0. Its script contains these libraries:",
  ...texts.map(({ title, text }) => `${title}\n${text ? `\n${text}\n` : ""}`),
  `Apache License 2.0, of those above whose licence it is:\n\n${apache}`,
].join("\n\n----------------------------------------\n\n") + "\n");
