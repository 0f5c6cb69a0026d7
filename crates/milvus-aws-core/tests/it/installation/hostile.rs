//! Nothing makes the reader panic, hang or grow without bound.

use std::time::{Duration, Instant};

use milvus_aws_core::Installation;
use proptest::prelude::*;

use super::written::EXAMPLES;

/// Reads it, and the message if there is one.
fn read(text: &[u8]) {
    if let Err(error) = Installation::from_yaml("milvus.yaml", text) {
        assert!(!error.problems().is_empty());
        assert!(error.problems().len() <= 1024 * 1024);
        let message = error.to_string();
        assert!(message.starts_with("milvus.yaml:"), "{message}");
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!message.contains(control), "{message:?}");
    }
}

/// Bits of YAML and of our own keys: what mutations are made of.
fn bits() -> impl Strategy<Value = String> {
    let own = [
        "apiVersion: kubectl-milvus/v1\n",
        "mode: cluster\n",
        "cluster:\n",
        "  kafka:\n",
        "    brokers:\n",
        "  s3: ",
        "name: ",
        "version: ",
        "2.4.5\n",
        "config: ",
        "standalone: ",
        "*a ",
        "&a ",
        "<<: ",
        "!!binary ",
        "!x ",
        "? ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "| \n",
        "> \n",
        "\"",
        "'",
        "#",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "\n",
        "  ",
        "\t",
        "~",
        "null",
        "true",
        "1e999",
        "0x7f",
        "-0",
        ".inf",
        "\u{feff}",
        "\u{2028}",
        "\0",
        "𝕏",
        "\u{85}",
    ];
    prop::sample::select(own.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes(text in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&text);
    }

    #[test]
    fn any_text(text in "\\PC{0,300}") {
        read(format!("apiVersion: kubectl-milvus/v1\n{text}").as_bytes());
    }

    #[test]
    fn any_bits(bits in prop::collection::vec(bits(), 0..60)) {
        read(bits.concat().as_bytes());
        read(format!("apiVersion: kubectl-milvus/v1\n{}", bits.concat()).as_bytes());
    }

    #[test]
    fn a_valid_file_with_mutations(
        example in prop::sample::select(EXAMPLES.to_vec()),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, bits()), 1..6),
    ) {
        let mut text: Vec<char> = example.chars().collect();
        for (at, cut, bit) in mutations {
            let at = at.index(text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, bit.chars());
        }
        read(text.into_iter().collect::<String>().as_bytes());
    }
}

fn numbered(count: u32, before: &str, after: &str) -> String {
    let texts: Vec<String> = (0..count)
        .map(|number| format!("{before}{number}{after}"))
        .collect();
    texts.concat()
}

#[test]
fn large_and_odd_files_are_refused_in_no_time() {
    let head = "apiVersion: kubectl-milvus/v1\n";
    let files = [
        format!("{head}{}", "a: ".repeat(100_000)),
        format!("{head}config: {}", "[".repeat(500_000)),
        format!("{head}config: {}", "{a: ".repeat(200_000)),
        format!("{head}{}", "name: demo\n".repeat(50_000)),
        format!("{head}config: {{{}}}", numbered(60_000, "k", ": v, ")),
        format!("{head}name: {}", "x".repeat(900_000)),
        format!("{head}{}: 1", "x".repeat(900_000)),
        format!("{head}config: \"{}", "\\".repeat(900_000)),
        format!("{head}{}", "#\n".repeat(400_000)),
        format!("{head}{}", "&a ".repeat(200_000)),
        format!(
            "{head}service: {{annotations: {{{}}}}}",
            numbered(15_000, "-", ": v, ")
        ),
    ];
    for text in &files {
        let began = Instant::now();
        read(text.as_bytes());
        let took = began.elapsed();
        assert!(
            took < Duration::from_secs(10),
            "{took:?} for {:.60}…",
            &text[head.len()..head.len() + 20]
        );
    }
}
