//! What is written is read as it was meant, by readers of YAML 1.1 and 1.2.

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::document;

fn written(value: &impl Serialize) -> String {
    document(value, "a test").unwrap()
}

fn read_back(text: &str) -> [Value; 2] {
    [
        serde_saphyr::from_str(text).unwrap(),
        serde_norway::from_str(text).unwrap(),
    ]
}

#[test]
fn blocks_within_blocks() {
    let value = json!({
        "empty": {"map": {}, "list": [], "text": ""},
        "list": ["a", {"name": "b", "value": "2", "more": ["c"]}, ["d", ["e", {}], []], {}],
        "numbers": [1, -1, 1.5, 2.0, 1e300, 1e-7, u64::MAX],
        "lines": ["one\ntwo\n", {"text": "  indented\n"}, "three\n\n  four\n"],
        "words": [true, null, "true", "null"],
    });
    let text = written(&value);
    insta::assert_snapshot!(text);
    for read in read_back(&text) {
        assert_eq!(read, value);
    }
}

#[test]
fn a_document_that_is_no_map() {
    for value in [
        json!([]),
        json!({}),
        json!("a\nb\n"),
        json!([[1], [{}]]),
        json!(null),
    ] {
        for read in read_back(&written(&value)) {
            assert_eq!(read, value);
        }
    }
}

#[test]
fn a_key_that_is_too_long_for_one_line() {
    let mut inner = Map::new();
    inner.insert("k".repeat(1500), json!(["a", {"b": 1}]));
    inner.insert("é".repeat(1500), json!("text"));
    let value = json!({"before": 1, "inner": inner});
    for read in read_back(&written(&value)) {
        assert_eq!(read, value);
    }
}

#[test]
fn what_has_no_form_is_refused() {
    #[derive(Serialize)]
    enum Odd {
        Pair(u8, u8),
        Named(u8),
    }
    assert!(document(&Odd::Pair(1, 2), "a pair").is_err());
    assert!(
        document(
            &[(vec![1], 2)]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
            "a map"
        )
        .is_err()
    );
    assert_eq!(written(&Odd::Named(1)), "Named: 1\n");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,5}",
        "[-+.:_0-9a-fxTZ]{1,12}",
        "[ -~\n\té日😀]{0,60}",
        "[a-z ]{0,20}: ?[a-z]{0,5}\n{0,2}",
        "\\PC{0,20}",
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e18..1e18).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn everything_comes_back(value in value()) {
        let value = json!({"value": value});
        let text = written(&value);
        for read in read_back(&text) {
            prop_assert_eq!(&read, &value, "{}", text);
        }
    }
}
