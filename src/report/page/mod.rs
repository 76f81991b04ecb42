//! A report as one page of HTML that needs nothing else: no file beside it, no network.

mod case;
mod chart;
mod markup;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::chart::Chart;
use self::markup::{both, escaped, in_script, plain, unfilled};
pub use self::table::{Cell, Table};
use self::table::{open_table, table};
use super::batch::Summary;
use super::catalogue;
use super::tally::{Case, Report};
use crate::reason::{Locale, Reason};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What stands on a page beside what was counted.
#[derive(Clone, Debug)]
pub struct Heading {
    /// English and Chinese.
    pub title: [&'static str; 2],
    /// What the files are, in both languages.
    pub note: [String; 2],
    /// Tables of the command's own, after the verdicts.
    pub tables: Vec<Table>,
    /// The language that is shown first.
    pub locale: Locale,
}

/// The page.
pub fn html(report: &Report, heading: &Heading) -> String {
    let mut out = String::new();
    let page = Page { report, heading, reasons: Reasons::all() };
    page.head(&mut out);
    page.verdicts(&mut out);
    for one in &heading.tables {
        table(&mut out, one);
    }
    page.reasons(&mut out);
    page.slots(&mut out);
    page.charts(&mut out);
    page.cases(&mut out);
    let _ = writeln!(out, "</main><script>{SCRIPT}</script></body></html>");
    out
}

/// Reasons by their code, and by their check.
struct Reasons {
    by_code: BTreeMap<&'static str, (&'static Reason, Option<&'static str>)>,
}

impl Reasons {
    fn all() -> Self {
        let all = catalogue::reasons().map(|(reason, check)| (reason.code, (reason, check)));
        Self { by_code: all.collect() }
    }

    fn find(&self, code: &str) -> Option<&'static Reason> {
        self.by_code.get(code).map(|(reason, _)| *reason)
    }

    fn of_check(&self, check: &str) -> Vec<&'static Reason> {
        let all = self.by_code.values();
        all.filter(|(_, of)| *of == Some(check)).map(|(reason, _)| *reason).collect()
    }

    /// What it means, with open places where findings say more.
    fn headline(&self, code: &str) -> String {
        let said = |locale| {
            self.find(code).map_or(String::new(), |reason| unfilled(reason.text(locale).headline))
        };
        let [english, chinese] = Locale::ALL.map(said);
        both([&english, &chinese])
    }
}

struct Page<'a> {
    report: &'a Report,
    heading: &'a Heading,
    reasons: Reasons,
}

/// What people call a verdict or a weight; any other code is its own word.
fn word(code: &str) -> [&str; 2] {
    match code {
        "ACCEPT" => ["accepted", "通过"],
        "REJECT" => ["rejected", "不通过"],
        "REVIEW" => ["for review", "待人工"],
        "ERROR" => ["error", "错误"],
        "WARNING" => ["warning", "警告"],
        "INFO" => ["info", "提示"],
        code => [code; 2],
    }
}

/// The CSP's word for a text: only this very one runs.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn share(count: u64, total: u64) -> String {
    format!("{:.1} %", 100.0 * count as f64 / total.max(1) as f64)
}

impl Page<'_> {
    fn head(&self, out: &mut String) {
        let Heading { title, note, locale, .. } = self.heading;
        let Summary { ruleset_version, ruleset_digest, engine_version, .. } = &self.report.summary;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"referrer\" content=\"no-referrer\">{}<style>{STYLE}</style></head><body>{PATTERNS}\
             <header><h1>{}</h1><div class=\"controls\" hidden>\
             <button type=\"button\" data-speak=\"en\" lang=\"en\">English</button> \
             <button type=\"button\" data-speak=\"zh-CN\" lang=\"zh-CN\">中文</button></div></header>\
             <main><p>{}</p><p class=\"soft\">{} {} <code>{}</code> · {} {}</p><nav>",
            locale.tag(),
            hash(STYLE),
            hash(SCRIPT),
            plain("title", *title, *locale),
            both(*title),
            both([&note[0], &note[1]]),
            both(["Rule set", "规则集"]),
            escaped(ruleset_version),
            escaped(ruleset_digest.get(..12).unwrap_or(ruleset_digest)),
            both(["engine", "引擎"]),
            escaped(engine_version),
        );
        for (id, words) in [
            ("reasons", ["Reasons", "原因"]),
            ("readings", ["Readings against their bounds", "测量值与界限"]),
            ("cases", ["Cases", "文件"]),
        ] {
            let _ = write!(out, "<a href=\"#{id}\">{}</a>", both(words));
        }
        out.push_str("</nav>");
    }

    fn verdicts(&self, out: &mut String) {
        let Summary { items, judged, errors, verdicts, .. } = &self.report.summary;
        let _ = write!(out, "<h2 id=\"verdicts\">{}</h2>", both(["Verdicts", "判定"]));
        let (english, chinese) = (
            format!("{items} files: {judged} judged, {errors} without a verdict."),
            format!("共 {items} 个文件：已判定 {judged} 个，未能判定 {errors} 个。"),
        );
        let _ = write!(out, "<p>{}</p><div class=\"cards\">", both([&english, &chinese]));
        for verdict in ["ACCEPT", "REVIEW", "REJECT"] {
            let count = verdicts.get(verdict).copied().unwrap_or(0);
            let _ = write!(
                out,
                "<div class=\"card {verdict}\" data-count=\"{verdict}\"><b>{count}</b>{} <span class=\"soft\">{}</span></div>",
                both(word(verdict)),
                share(count, *judged)
            );
        }
        out.push_str("</div>");
        if *errors > 0 {
            let rows = self.report.summary.error_reasons.iter();
            let rows = rows.map(|(reason, count)| {
                [reason.clone(), count.to_string(), share(*count, *items)].map(Cell::from).to_vec()
            });
            table(
                out,
                &Table {
                    title: ["Without a verdict", "未能判定"],
                    note: Default::default(),
                    head: vec![["reason", "原因"], ["files", "文件"], ["share", "占比"]],
                    rows: rows.collect(),
                },
            );
        }
    }

    fn reasons(&self, out: &mut String) {
        let summary = &self.report.summary;
        let _ = write!(
            out,
            "<h2 id=\"reasons\">{}</h2>",
            both(["Reasons by frequency", "原因（按频次）"])
        );
        let mut reasons: Vec<(&String, u64, &BTreeMap<String, u64>)> = summary
            .reasons
            .iter()
            .map(|(code, weights)| (code, weights.values().sum(), weights))
            .collect();
        reasons.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
        if reasons.is_empty() {
            let _ = write!(out, "<p>{}</p>", both(["Nothing was found.", "未发现问题。"]));
            return;
        }
        let most = reasons.first().map_or(1, |(_, count, _)| *count);
        let head = [
            ["reason", "原因"],
            ["files", "文件"],
            ["share", "占比"],
            ["", ""],
            ["weights", "级别"],
        ];
        open_table(out, &head, &[1, 2], &[3, 4]);
        for (code, count, weights) in reasons {
            let weights: Vec<String> =
                weights.iter().map(|(weight, count)| format!("{weight} {count}")).collect();
            let rod = 120.0 * count as f64 / most as f64;
            let code_text = escaped(code);
            let _ = write!(
                out,
                "<tr data-reason-count=\"{code_text}\"><th scope=\"row\"><a href=\"#cases\" data-pick=\"{code_text}\"><code>{code_text}</code></a><br>{}</th>\
                 <td class=\"num\">{count}</td><td class=\"num\">{}</td>\
                 <td class=\"wide\"><svg width=\"120\" height=\"14\" viewBox=\"0 0 120 14\" aria-hidden=\"true\"><rect class=\"rod\" y=\"2\" width=\"{rod:.1}\" height=\"10\"/></svg></td>\
                 <td class=\"wide\">{}</td></tr>",
                self.reasons.headline(code),
                share(count, summary.judged),
                escaped(&weights.join(", ")),
            );
        }
        out.push_str("</tbody></table></div>");
    }

    fn slots(&self, out: &mut String) {
        let slots = &self.report.summary.slots;
        let rows = slots.iter().map(|(slot, verdicts)| {
            let of = |verdict| verdicts.get(verdict).copied().unwrap_or(0).to_string();
            let name = if slot.is_empty() { "-" } else { slot };
            let counts = ["ACCEPT", "REVIEW", "REJECT"].map(|verdict| of(verdict).into());
            [vec![Cell::from(name)], counts.to_vec()].concat()
        });
        let head = [
            ["slot", "材料"],
            ["accepted", "通过"],
            ["for review", "待人工"],
            ["rejected", "不通过"],
        ];
        let (title, note) = (["Slots", "材料种类"], Default::default());
        table(out, &Table { title, note, head: head.to_vec(), rows: rows.collect() });
    }

    fn charts(&self, out: &mut String) {
        let groups = self.report.plan.groups;
        let mut charts: Vec<Chart<'_>> = self
            .report
            .quantities
            .iter()
            .map(|(quantity, values)| Chart::of(quantity, values, groups))
            .collect();
        charts.sort_by_key(|chart| std::cmp::Reverse(chart.outside()));
        let _ = write!(
            out,
            "<h2 id=\"readings\">{}</h2>",
            both(["Readings against their bounds", "测量值与界限"])
        );
        if charts.is_empty() {
            let _ = write!(out, "<p>{}</p>", both(["No readings are at hand.", "没有测量值。"]));
        } else {
            let _ = write!(
                out,
                "<p>{}</p><ul class=\"key\">",
                both([
                    "How many files lie where, and the bound in force (line). Move a bound to see which \
                     files would change sides; what a file outside then comes to is up to the severity in \
                     the rules. A file of several pages counts by its worst.",
                    "各测量值的文件分布及现行界限（竖线）。移动界限可查看哪些文件会改变归属；超出界限的后果由规则中的级别决定。多页文件按最差的一页计。"
                ])
            );
            for (group, name) in chart::names(groups).into_iter().enumerate() {
                let _ = write!(
                    out,
                    "<li><svg width=\"18\" height=\"14\" aria-hidden=\"true\"><rect class=\"g{group}\" width=\"18\" height=\"14\"/></svg>{}</li>",
                    both(name)
                );
            }
            out.push_str("</ul>");
        }
        let broken = charts.iter().filter(|chart| chart.outside() > 0).count();
        let figures = |out: &mut String, charts: &[Chart<'_>], first: usize| {
            out.push_str("<div class=\"charts\">");
            for (at, chart) in charts.iter().enumerate() {
                chart.write(out, first + at, &self.reasons.of_check(chart.check()));
            }
            out.push_str("</div>");
        };
        let (outside, inside) = charts.split_at(broken);
        figures(out, outside, 0);
        if !inside.is_empty() {
            let (english, chinese) = (
                format!("{} quantities of which every file keeps to the bound", inside.len()),
                format!("其余 {} 项：所有文件均在界限之内", inside.len()),
            );
            let _ = write!(out, "<details><summary>{}</summary>", both([&english, &chinese]));
            figures(out, inside, broken);
            out.push_str("</details>");
        }
        let (left, width) = Chart::frame();
        let data: Vec<serde_json::Value> = charts.iter().map(Chart::data).collect();
        let data = serde_json::json!({ "left": left, "width": width, "charts": data });
        let _ = write!(
            out,
            "<script type=\"application/json\" id=\"data\">{}</script>",
            in_script(&data.to_string())
        );
    }

    fn cases(&self, out: &mut String) {
        let cases = self.report.cases();
        let _ = write!(out, "<h2 id=\"cases\">{}</h2>", both(["Cases", "文件"]));
        let (shown, items) = (cases.len(), self.report.summary.items);
        let (mut english, mut chinese) = (
            format!("{shown} of {items} files are in this report."),
            format!("本报告收录 {items} 个文件中的 {shown} 个。"),
        );
        if (shown as u64) < items {
            english += " Each reason is seen; the records hold the others.";
            chinese += "每种原因均有收录，其余见判定记录。";
        }
        if shown == 0 {
            english = format!("None of the {items} files are shown in this report.");
            chinese = format!("本报告未收录文件（共 {items} 个）。");
        }
        let _ = write!(out, "<p>{}</p>", both([&english, &chinese]));
        if shown == 0 {
            return;
        }
        self.filter(out, cases);
        for one in cases {
            case::write(out, one, |code| self.reasons.find(code));
        }
    }

    fn filter(&self, out: &mut String, cases: &[Case]) {
        out.push_str("<form id=\"filter\" class=\"controls\" hidden>");
        let reasons: BTreeSet<&str> = cases
            .iter()
            .flat_map(|case| case.findings.iter().map(|found| &*found.reason))
            .collect();
        let verdicts: BTreeSet<&str> = cases
            .iter()
            .map(|case| case.decision.map_or("ERROR", |decision| decision.word()))
            .collect();
        let slots: BTreeSet<&str> = cases.iter().map(|case| &*case.slot).collect();
        let profiles: BTreeSet<&str> = cases.iter().map(|case| &*case.profile).collect();
        let choices = [
            ("verdict", ["Verdict", "判定"], verdicts),
            ("reason", ["Reason", "原因"], reasons),
            ("slot", ["Slot", "材料"], slots),
            ("profile", ["Profile", "规则"], profiles),
        ];
        for (name, words, values) in choices {
            self.choice(out, name, words, values.into_iter().map(|value| (value, word(value))));
        }
        if cases.iter().any(|case| case.label.is_some()) {
            let labels = [
                ("wrong", ["not as labelled", "与标注不符"]),
                ("right", ["as labelled", "与标注一致"]),
            ];
            self.choice(out, "label", ["Label", "标注"], labels.into_iter());
        }
        let _ = write!(
            out,
            "<label>{}<input type=\"search\" name=\"text\" autocomplete=\"off\"></label>\
             <button type=\"reset\">{}</button><p role=\"status\"><b class=\"shown\">{}</b> {}</p></form>",
            both(["Text", "文字"]),
            both(["clear", "清除"]),
            cases.len(),
            both(["shown", "个已显示"]),
        );
    }

    fn choice<'v>(
        &self,
        out: &mut String,
        name: &str,
        words: [&str; 2],
        values: impl Iterator<Item = (&'v str, [&'v str; 2])>,
    ) {
        let locale = self.heading.locale;
        let _ = write!(out, "<label>{}<select name=\"{name}\">", both(words));
        out.push_str(&plain("option value=\"\"", ["all", "全部"], locale));
        for (value, words) in values.filter(|(value, _)| !value.is_empty()) {
            out.push_str(&plain(&format!("option value=\"{}\"", escaped(value)), words, locale));
        }
        out.push_str("</select></label>");
    }
}

/// Fills that differ without colour; referred to by the style.
const PATTERNS: &str = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\
<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"5\" height=\"5\" fill=\"#ffd98a\"/><rect width=\"2\" height=\"5\" fill=\"#8a5a00\"/></pattern>\
<pattern id=\"dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">\
<rect width=\"5\" height=\"5\" fill=\"#d55e00\"/><rect width=\"2\" height=\"2\" fill=\"#fff\"/></pattern></defs></svg>";
