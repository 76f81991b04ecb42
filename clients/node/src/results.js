// What the server found, readable. Every class keeps the whole message of the wire as `message`.

/** A value without its prefix. What this client does not know is for review. */
function short(prefix, value) {
  const known = typeof value === "string" && !value.endsWith("_UNSPECIFIED");
  return known ? value.slice(prefix.length) : "REVIEW";
}

function textsOf(texts) {
  return Object.fromEntries(texts.map(({ locale, text }) => [locale, text]));
}

/** The text in a language, else in one of the same root, else the first. */
function text(texts, locale = "") {
  if (locale in texts) return texts[locale];
  const root = (tag) => tag.split("-")[0];
  const near = Object.keys(texts).find((tag) => locale && root(tag) === root(locale));
  return near ? texts[near] : (Object.values(texts)[0] ?? "");
}

function measurement({ name, value, unit, _min, min, _max, max }) {
  return { name, value, unit, min: _min ? min : undefined, max: _max ? max : undefined };
}

/** One reason. */
export class Finding {
  constructor(message) {
    this.reason = message.reason;
    this.severity = short("SEVERITY_", message.severity);
    this.ruleId = message.ruleId;
    this.page = message.page;
    this.messages = textsOf(message.messages);
    this.measurements = message.measurements.map(measurement);
    this.metadata = message.metadata;
    this.message = message;
  }

  text(locale) {
    return text(this.messages, locale);
  }
}

/** The verdict on one file. */
export class Result {
  constructor(message) {
    this.itemId = message.itemId;
    this.verdict = short("VERDICT_", message.verdict);
    this.findings = message.findings.map((finding) => new Finding(finding));
    this.rulesetVersion = message.provenance?.rulesetVersion ?? "";
    this.annotatedImage = message.annotatedImage;
    this.message = message;
  }

  get accepted() {
    return this.verdict === "ACCEPT";
  }

  get reasons() {
    return this.findings.map((finding) => finding.reason);
  }
}

/** The verdict on the files of one filing together. */
export class Filing {
  constructor(message) {
    this.verdict = short("VERDICT_", message.verdict);
    this.results = message.results.map((result) => new Result(result));
    this.findings = message.setFindings.map((finding) => new Finding(finding));
    this.message = message;
  }

  get accepted() {
    return this.verdict === "ACCEPT";
  }
}

/** What a filing must upload, and which steps follow. */
export class Plan {
  constructor(message) {
    const spoken = (item, texts) => ({ ...item, texts, text: (locale) => text(texts, locale) });
    this.uploads = message.uploads.map((upload) => spoken(upload, textsOf(upload.why)));
    this.steps = message.steps.map((step) => spoken(step, textsOf(step.text)));
    this.message = message;
  }
}
