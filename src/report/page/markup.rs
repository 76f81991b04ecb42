//! Text in markup: nothing of a name becomes markup, and each text stands in both languages.

use crate::reason::Locale;

/// Safe as text and as a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // These would turn the text around them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            letter if letter.is_control() && letter != '\n' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// Both languages, of which the page shows one.
pub(super) fn both(texts: [&str; 2]) -> String {
    let [english, chinese] = texts.map(escaped);
    format!("<span lang=\"en\">{english}</span><span lang=\"zh-CN\">{chinese}</span>")
}

/// The same where an element can hold plain text only: the script puts in the other language.
pub(super) fn plain(element: &str, texts: [&str; 2], locale: Locale) -> String {
    let [english, chinese] = texts.map(escaped);
    let shown = match locale {
        Locale::En => &english,
        Locale::ZhCn => &chinese,
    };
    let name = element.split(' ').next().unwrap_or(element);
    format!("<{element} data-en=\"{english}\" data-zh=\"{chinese}\">{shown}</{name}>")
}

/// JSON that a script element can hold.
pub(super) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The same with each `{name}` of a text left open.
pub(super) fn unfilled(template: &str) -> String {
    let mut pieces = template.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + "…" + piece.split_once('}').map_or(piece, |(_, rest)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_text() {
        let name = "<script>\"x\" & 'y'\u{202e}gpj.\u{1b}[2J";
        assert_eq!(
            escaped(name),
            "&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;\u{fffd}gpj.\u{fffd}[2J"
        );
        assert_eq!(in_script("</script>"), "\\u003c/script>");
    }

    #[test]
    fn what_a_template_leaves_open_is_three_dots() {
        assert_eq!(unfilled("tilted by {degrees}°, {n}"), "tilted by …°, …");
        assert_eq!(unfilled("plain"), "plain");
    }
}
