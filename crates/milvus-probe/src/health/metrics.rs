//! Prometheus' text format (source: Prometheus' documentation, "Exposition formats").

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name: `milvus_proxy_req_count`.
    pub name: String,
    /// Its labels, in the server's order.
    pub labels: Vec<(String, String)>,
    /// Its value; may be infinite or not a number.
    pub value: f64,
}

/// A line that is none of the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no metric: `{text}`")]
pub struct InvalidMetrics {
    /// Number of the line, from 1.
    pub line: usize,
    /// Its beginning.
    pub text: String,
}

/// Reads every sample of a text; comments and types are left out.
pub fn parse(text: &str) -> Result<Vec<Sample>, InvalidMetrics> {
    let lines = text.lines().enumerate();
    let samples = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let parsed = samples.map(|(number, line)| {
        sample(line).ok_or_else(|| InvalidMetrics {
            line: number + 1,
            text: line.chars().take(80).collect(),
        })
    });
    parsed.collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if name.is_empty() || !name.chars().all(valid) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split_whitespace();
    let value = match words.next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().ok()?,
    };
    // A time stamp may follow, and nothing else.
    let rest_is_time = words
        .next()
        .is_none_or(|stamp| stamp.parse::<i64>().is_ok());
    (rest_is_time && words.next().is_none()).then(|| Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Labels and what follows their closing brace.
fn labels(mut text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once('=')?;
        let (value, rest) = quoted(rest.trim_start().strip_prefix('"')?)?;
        labels.push((name.trim().to_owned(), value));
        let rest = rest.trim_start();
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// The text up to the closing quote, with escapes resolved, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_are_read() {
        let text = "# HELP x y\n# TYPE x counter\nx{a=\"1\",b=\"q\\\"\\n\"} 3 1700000000\ny +Inf\n\nz{} -0.5\n";
        let samples = parse(text).expect("it is valid");
        assert_eq!(
            samples[0].labels,
            [("a".into(), "1".into()), ("b".into(), "q\"\n".into())]
        );
        assert!((samples[0].value - 3.0).abs() < f64::EPSILON);
        assert!(samples[1].value.is_infinite());
        assert_eq!(samples[2].name, "z");
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = parse("x 1\ny{a=\"1} 2\n").expect_err("it is not valid");
        assert_eq!(error.line, 2);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*|([a-z]{1,3}[{} =\",\\\\\n0-9.a-z]{0,40}\n){0,5}") {
            let _parsed = parse(&text);
        }

        #[test]
        fn what_is_written_is_read(name in "[a-z_]{1,9}", label in "[^\"\\\\\n]{0,9}", value in -1e9_f64..1e9) {
            let line = format!("{name}{{l=\"{label}\"}} {value}\n");
            let samples = parse(&line).expect("it is valid");
            prop_assert_eq!(&samples[0].labels[0].1, &label);
            prop_assert!((samples[0].value - value).abs() < 1e-3);
        }
    }
}
