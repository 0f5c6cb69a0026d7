//! SVG documents, written element by element. Lengths are whole pixels, so that the same picture has the same bytes on
//! every machine.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// A picture that needs nothing beside it: no script, no font, no other file.
pub(crate) struct Svg {
    title: String,
    width: i64,
    height: i64,
    style: String,
    body: String,
}

/// A rectangle: its corner and its size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Svg {
    /// Empty paper. The style is ours, never a user's.
    pub(super) fn new(title: &str, width: i64, height: i64, style: String) -> Self {
        Self {
            title: title.to_owned(),
            width,
            height,
            style,
            body: String::new(),
        }
    }

    /// Begins a group; what it holds shows the tooltip.
    pub(super) fn open(&mut self, class: &str, tooltip: &str) {
        self.element(format_args!("<g class=\"{class}\">"));
        if !tooltip.is_empty() {
            self.element(format_args!("<title>{}</title>", escape(tooltip)));
        }
    }

    /// Ends the group.
    pub(super) fn close(&mut self) {
        self.element(format_args!("</g>"));
    }

    pub(super) fn rect(&mut self, class: &str, area: Area, tooltip: &str) {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        let place = format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        );
        if tooltip.is_empty() {
            self.element(format_args!("{place}/>"));
        } else {
            let tooltip = escape(tooltip);
            self.element(format_args!("{place}><title>{tooltip}</title></rect>"));
        }
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (i64, i64), text: &str) {
        let text = escape(text);
        self.element(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
        ));
    }

    pub(super) fn path(&mut self, class: &str, data: &str) {
        self.element(format_args!("<path class=\"{class}\" d=\"{data}\"/>"));
    }

    /// Something else of ours, as it is: what a user named must have been escaped.
    pub(super) fn element(&mut self, element: fmt::Arguments<'_>) {
        let _infallible = writeln!(self.body, "{element}");
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            style,
            body,
            ..
        } = self;
        let title = escape(&self.title);
        write!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n<title>{title}</title>\n<style>{style}</style>\n\
             <rect class=\"paper\" x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n"
        )
    }
}

/// Text as XML and HTML hold it, in elements and in attributes. What XML cannot hold is shown as the sign for that.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\'') && is_xml(c);
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_xml(c) => escaped.push(c),
            _ => escaped.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(escaped)
}

/// What a document of XML 1.0 may hold, without what only controls a terminal or the direction of text.
fn is_xml(c: char) -> bool {
    let turns_text = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c == '\n' || !(c.is_control() || turns_text || matches!(c, '\u{FFFE}' | '\u{FFFF}'))
}

/// How wide a text of that font is at most.
pub(super) fn text_width(text: &str) -> i64 {
    // Escape codes are shown here, not obeyed.
    let text: String = text
        .chars()
        .map(|c| if is_xml(c) { c } else { '.' })
        .collect();
    // A sign of the monospaced font is 0.6 of its 12 px wide; some fonts are a little wider.
    i64::try_from(console::measure_text_width(&text)).unwrap_or(i64::MAX / 100) * 37 / 5
}

/// A text of at most so many signs: what is left out is out of its middle, where names differ least.
pub(super) fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= longest {
        return Cow::Borrowed(text);
    }
    let kept = longest.saturating_sub(1);
    let head = kept / 2;
    let tail = kept - head;
    let text = text
        .chars()
        .take(head)
        .chain(['…'])
        .chain(text.chars().skip(count - tail));
    Cow::Owned(text.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("deployment/demo-proxy"), "deployment/demo-proxy");
        assert_eq!(
            escape("</text><script>alert('x' & \"y\")"),
            "&lt;/text&gt;&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)"
        );
        assert_eq!(escape("a\u{0}b\u{1b}[31m\u{202e}c\u{ffff}"), "a�b�[31m�c�");
        assert_eq!(escape("Wörter 向量\n🙂"), "Wörter 向量\n🙂");
    }

    #[test]
    fn escape_codes_take_room() {
        assert_eq!(text_width("\u{1b}[31mred"), text_width("12345678"));
        assert_eq!(text_width("向量"), text_width("1234"));
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("deployment/demo-proxy", 11), "deplo…proxy");
        assert_eq!(shortened("向量数据库", 3), "向…库");
    }
}
