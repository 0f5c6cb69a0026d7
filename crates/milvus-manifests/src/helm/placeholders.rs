//! Placeholders where a login belongs: what other tools replace, and nothing here does.

/// Where a placeholder stands in a text.
enum Place {
    /// Anywhere in it.
    Within,
    /// It is all of the text.
    Whole,
}

/// What placeholders begin and end with, and which tool they are of.
const SHAPES: [(&str, &str, Place, &str); 9] = [
    ("${", "}", Place::Within, "`envsubst` replaces it"),
    (
        "$(",
        ")",
        Place::Within,
        "a shell or a pipeline replaces it",
    ),
    ("{{", "}}", Place::Within, "a template replaces it"),
    (
        "<",
        ">",
        Place::Whole,
        "it is to be replaced by hand, or by a plugin",
    ),
    ("%", "%", Place::Whole, "a script replaces it"),
    ("__", "__", Place::Whole, "a script replaces it"),
    ("ref+", "", Place::Whole, "`vals` replaces it"),
    ("secretref+", "", Place::Whole, "`helmfile` replaces it"),
    ("ENC[", "]", Place::Whole, "`sops` replaces it"),
];

/// What is to be said of a text that holds a placeholder; none of one that holds none. Repeats nothing of it.
pub(super) fn said_of(text: &str) -> Option<String> {
    let tool = if is_variable(text) {
        "`envsubst` replaces it"
    } else {
        let shape = SHAPES
            .iter()
            .find(|(open, close, place, _)| holds(text, open, close, place))?;
        shape.3
    };
    Some(format!(
        "is a placeholder, which nothing replaces here ({tool}): it would be the login itself; replace it first, for example by `envsubst < FILE`"
    ))
}

fn holds(text: &str, open: &str, close: &str, place: &Place) -> bool {
    match place {
        Place::Within => text.split_once(open).is_some_and(|(_, rest)| {
            rest.split_once(close)
                .is_some_and(|(name, _)| !name.trim().is_empty())
        }),
        Place::Whole => text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|name| !name.trim().is_empty()),
    }
}

/// `$SECRET`, the short form of `${SECRET}`.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.chars().all(allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::said_of;

    #[test]
    fn field_2_7_placeholders_are_seen() {
        for text in [
            "${SECRET}",
            "token:${TOKEN:-none}",
            "$(SECRET)",
            "$SECRET_KEY",
            "<your-secret-key>",
            "<path:secret/data/milvus#key>",
            "{{ .Values.secret }}",
            "ref+vault://secret/milvus#/key",
            "ENC[AES256_GCM,data:abc]",
            "%SECRET%",
            "__SECRET__",
        ] {
            assert!(said_of(text).is_some(), "{text}");
        }
        for text in [
            "hunter2", "pa$$word", "$9.99", "a<b>c", "${}", "$(", "$x", "100%", "", "$",
        ] {
            assert_eq!(said_of(text), None, "{text}");
        }
    }
}
