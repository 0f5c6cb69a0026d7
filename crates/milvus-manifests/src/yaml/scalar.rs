//! Texts and numbers, in the one of four forms that no reader takes for anything else.

use std::fmt::Write as _;

/// A text on the line of its key: as it is where that is beyond doubt, within double quotes otherwise.
pub(super) fn text(output: &mut String, text: &str) {
    if is_plain(text) {
        output.push_str(text);
    } else {
        quoted(output, text);
    }
}

/// The name of a field, which is nearly always letters and digits alone.
pub(super) fn name(output: &mut String, name: &str) {
    let is_simple = name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    if is_simple && all(name, &LETTERS_AND_DIGITS) && !is_word(name) {
        output.push_str(name);
    } else {
        text(output, name);
    }
}

/// Several lines as they are, each of them indented.
pub(super) fn block(output: &mut String, lines: &str, indent: usize) {
    output.push('|');
    for line in lines.lines() {
        output.push('\n');
        if !line.is_empty() {
            output.extend(std::iter::repeat_n(' ', indent));
            output.push_str(line);
        }
    }
}

/// Lines of printable ASCII, the first one not indented, with one line break at the end: nothing that readers of
/// literal blocks disagree on.
pub(super) fn is_block(text: &str) -> bool {
    let Some(lines) = text.strip_suffix('\n') else {
        return false;
    };
    lines.starts_with(|c: char| c.is_ascii_graphic())
        && !lines.ends_with(char::is_whitespace)
        && lines.contains('\n')
        && all(lines, &PRINTABLE)
}

/// Without an exponent, as YAML 1.1 and 1.2 disagree on those.
pub(super) fn float(output: &mut String, value: f64) {
    if value.is_nan() {
        output.push_str(".nan");
    } else if value.is_infinite() {
        output.push_str(if value > 0.0 { ".inf" } else { "-.inf" });
    } else {
        let start = output.len();
        integer(output, value);
        if !output[start..].contains('.') {
            output.push_str(".0");
        }
    }
}

pub(super) fn integer(output: &mut String, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _infallible = write!(output, "{value}");
}

/// Whether every reader takes it for this very text where it stands without quotes.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let begins_well = match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'_' | b'$' => true,
        // A number with a unit, or a range of addresses.
        b'0'..=b'9' => bytes.iter().any(|&byte| is_in_no_number(byte)),
        // An option of a program.
        b'-' => {
            let name = bytes.iter().find(|&&byte| byte != b'-');
            name.is_some_and(u8::is_ascii_alphabetic)
        }
        _ => false,
    };
    begins_well
        && !matches!(last, b' ' | b':')
        && all(text, &MAY_BE_PLAIN)
        && !(bytes.contains(&b' ') && text.contains(": "))
        && !is_word(text.trim_start_matches('-'))
}

/// Bytes by whether they belong to something.
type Bytes = [bool; 256];

/// Whether all bytes belong to it, without a branch for each of them.
fn all(text: &str, bytes: &Bytes) -> bool {
    text.bytes()
        .fold(true, |all, byte| all & bytes[usize::from(byte)])
}

const LETTERS_AND_DIGITS: Bytes = letters_digits_and(b"");
/// What may be in a text without quotes.
const MAY_BE_PLAIN: Bytes = letters_digits_and(b" -_./:@,+=()$%");
/// What may be in lines that are written as they are.
const PRINTABLE: Bytes = letters_digits_and(b"\n !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

const fn letters_digits_and(mut rest: &[u8]) -> Bytes {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    while let [byte, more @ ..] = rest {
        table[*byte as usize] = true;
        rest = more;
    }
    table
}

/// Neither a digit nor a sign nor a letter of any number, time or date: not of `0x1F`, `0o17`, `0b1`, `1e3`,
/// `2024-01-01T00:00:00Z`.
fn is_in_no_number(byte: u8) -> bool {
    matches!(byte, b'g'..=b'n' | b'p'..=b's' | b'u'..=b'w' | b'y' | b'G'..=b'N' | b'P'..=b'S' | b'U'..=b'W' | b'Y' | b'/' | b'%')
}

/// What some reader takes for null, a truth value or a number.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ];
    const LONGEST: usize = 5;
    text.len() <= LONGEST
        && text.starts_with(['n', 't', 'f', 'y', 'o', 'i', 'N', 'T', 'F', 'Y', 'O', 'I'])
        && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn quoted(output: &mut String, text: &str) {
    output.push('"');
    for c in text.chars() {
        match c {
            '"' => output.push_str("\\\""),
            '\\' => output.push_str("\\\\"),
            '\n' => output.push_str("\\n"),
            '\t' => output.push_str("\\t"),
            '\r' => output.push_str("\\r"),
            // What is no letter may be a line break or a mark of byte order to some reader.
            c if c == ' ' || c.is_ascii_graphic() || !c.is_ascii() && c.is_alphanumeric() => {
                output.push(c);
            }
            c => escaped(output, u32::from(c)),
        }
    }
    output.push('"');
}

fn escaped(output: &mut String, code: u32) {
    // Writing to a string cannot fail.
    let _infallible = match code {
        0..=0xff => write!(output, "\\x{code:02x}"),
        0x100..=0xffff => write!(output, "\\u{code:04x}"),
        _ => write!(output, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn what_every_reader_takes_for_a_text_needs_no_quotes() {
        for plain in [
            "demo-milvus",
            "/var/lib/milvus",
            "100m",
            "4Gi",
            "10.0.0.0/16",
            "milvusdb/milvus:v2.6.15",
            "b-1.example.com:9096,b-2.example.com:9096",
            "--cluster-name=demo",
            "-rootcoord",
            "-c",
            "two words",
            "Yesterday",
            "a(b)",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
    }

    #[test]
    fn what_some_reader_takes_for_something_else_needs_quotes() {
        for awkward in [
            "",
            " ",
            "a ",
            " a",
            "a:",
            "a: b",
            "a #b",
            "yes",
            "No",
            "y",
            "NaN",
            ".inf",
            "~",
            "1",
            "0123",
            "1e3",
            "0x1F",
            "0o17",
            "0b1",
            "1_000",
            "12:30:45",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "2.6.15",
            "-",
            "- a",
            "-1",
            "---",
            "--",
            "-inf",
            "--- a",
            "+1",
            "=",
            "<<",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{a",
            "[a",
            "a'b",
            "a\"b",
            "a\tb",
            "a\nb",
            "ä",
        ] {
            assert!(!is_plain(awkward), "{awkward}");
        }
    }

    #[test]
    fn words_need_quotes_in_every_case() {
        for word in [
            "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
        ] {
            let (first, rest) = word.split_at(1);
            for written in [
                word.to_owned(),
                word.to_uppercase(),
                first.to_uppercase() + rest,
            ] {
                assert!(!is_plain(&written), "{written}");
            }
        }
    }
}
