//! What may be asked, and what is said of the rest.

use milvus_aws_core::sizing::{
    Dimension, Generation, IndexKind, Mode, NoSize, Parameter, Request, ScalarBytes, SegmentSize,
    Vectors,
};
use proptest::prelude::*;

use super::request;

#[test]
fn numbers_of_vectors_as_people_write_them() {
    let number = |text: &str| text.parse::<Vectors>().map(Vectors::get);
    for text in ["1000000", "1_000_000", "1M", "1m", "1000K"] {
        assert_eq!(number(text), Ok(1_000_000), "{text}");
    }
    assert_eq!(number("10B"), Ok(10_000_000_000));
    for text in [
        "",
        "0",
        "M",
        "-1",
        "1.5M",
        "11B",
        "99999999999999999999",
        "1 M",
        "1é",
    ] {
        assert_eq!(number(text), Err(NoSize::NoVectors(text.to_owned())));
    }
}

#[test]
fn what_is_out_of_range_is_told_with_the_range() {
    let message = |result: Result<(), NoSize>| result.unwrap_err().to_string();
    let dimension = "32769".parse::<Dimension>().map(drop);
    assert_eq!(
        message(dimension),
        "`32769` is no dimension that vectors can have, write 2 to 32768"
    );
    assert!("1".parse::<Dimension>().is_err());
    assert!("60000001".parse::<ScalarBytes>().is_err());
    let segment = "256".parse::<SegmentSize>().map(drop);
    assert!(message(segment).contains("512, 1024 or 2048"));
    let index = "HNSV".parse::<IndexKind>().map(drop);
    assert_eq!(
        message(index),
        "`HNSV` is no index that can be sized; FLAT, IVF_FLAT, IVF_SQ8, IVF_RABITQ, SCANN, HNSW, DISKANN, AISAQ are"
    );
    let generation = "2.4".parse::<Generation>().map(drop);
    assert_eq!(
        message(generation),
        "`2.4` is no generation of the sizing tool; guide, 2.5 and 2.6 are"
    );
    assert!(message("M".parse::<Parameter>().map(drop)).contains("write it like `M=16`"));
    assert!("cluster".parse::<Mode>().is_ok());
    assert!("both".parse::<Mode>().is_err());
}

#[test]
fn field_4_6_a_formula_that_is_known_to_be_short_says_so() {
    let short = |index: &str, vectors: &str| {
        let mut request = Request::new(
            vectors.parse().unwrap(),
            "768".parse().unwrap(),
            index.parse().unwrap(),
        );
        request.version = Some("2.4.5".parse().unwrap());
        let notes = request.size().unwrap().notes();
        notes.into_iter().any(|note| {
            note.contains("known to be short") && note.contains("milvus-io/milvus#35440")
        })
    };
    assert!(short("DISKANN", "200M"));
    assert!(short("DISKANN", "100M"));
    assert!(!short("DISKANN", "10M"));
    assert!(!short("HNSW", "200M"));
}

fn refusal(request: &Request) -> String {
    request.size().unwrap_err().to_string()
}

#[test]
fn beyond_the_tool() {
    let most = request(Generation::V2_6, "1B", "768", "HNSW");
    assert!(most.size().is_ok());
    let more = request(Generation::V2_6, "1000000001", "768", "HNSW");
    let said = refusal(&more);
    assert!(
        said.contains("beyond the sizing tool") && said.contains("1000 million vectors"),
        "{said}"
    );
    // The tool of 2024 had no such end, but took fewer dimensions.
    assert!(
        request(Generation::Guide, "10B", "10000", "HNSW")
            .size()
            .is_ok()
    );
    let said = refusal(&request(Generation::Guide, "1M", "10001", "HNSW"));
    assert_eq!(
        said,
        "the generation guide of the sizing tool takes 10000 dimensions at most"
    );
}

#[test]
fn one_pod_where_it_cannot_be() {
    let mut large = request(Generation::V2_6, "100M", "768", "FLAT");
    large.mode = Some(Mode::Standalone);
    assert!(large.size().is_ok());
    large.vectors = "100000001".parse().unwrap();
    assert!(refusal(&large).contains("the raw data of 100 million vectors"));
    let mut on_disk = request(Generation::V2_6, "500M", "768", "DISKANN");
    on_disk.mode = Some(Mode::Standalone);
    assert!(on_disk.size().is_ok());
    let mut twice = request(Generation::V2_6, "1M", "768", "FLAT");
    twice.mode = Some(Mode::Standalone);
    twice.replicas = 2.try_into().unwrap();
    assert!(refusal(&twice).contains("loads everything once"));
    let mut guide = request(Generation::Guide, "1M", "768", "FLAT");
    guide.mode = Some(Mode::Standalone);
    assert!(refusal(&guide).contains("clusters alone"));
}

#[test]
fn generations_know_their_indexes() {
    let said = refusal(&request(Generation::V2_5, "1M", "768", "AISAQ"));
    assert_eq!(
        said,
        "the generation 2.5 of the sizing tool knows no AISAQ; it knows FLAT, IVF_FLAT, IVF_SQ8, SCANN, HNSW, DISKANN"
    );
    assert!(refusal(&request(Generation::Guide, "1M", "768", "SCANN")).contains("knows no SCANN"));
    let mut guide = request(Generation::Guide, "1M", "768", "HNSW");
    guide.scalar_bytes = "100".parse().unwrap();
    assert!(refusal(&guide).contains("vectors alone"));
}

#[test]
fn parameters_that_are_none() {
    let with = |index: &str, parameters: &[&str]| {
        let mut request = request(Generation::V2_6, "1M", "768", index);
        request.parameters = parameters
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        refusal(&request)
    };
    assert_eq!(
        with("HNSW", &["nlist=128"]),
        "HNSW has no parameter `nlist` that matters for its size; it has M"
    );
    assert!(with("FLAT", &["M=16"]).ends_with("it has none"));
    assert_eq!(
        with("HNSW", &["M=1"]),
        "parameter `M` of HNSW: write 2 to 2048"
    );
    assert_eq!(
        with("HNSW", &["M=2", "M=3"]),
        "parameter `M` of HNSW: it is given twice"
    );
    assert!(with("IVF_RABITQ", &["refine_type=FP8"]).contains("FP16, BF16, FP32"));
    assert!(with("SCANN", &["with_raw_data=yes"]).contains("true or false"));
    assert!(with("AISAQ", &["max_degree=8", "inline_pq=9"]).contains("write 1 to 8"));
}

#[test]
fn the_release_chooses_the_generation() {
    let generation = |version: &str| {
        let mut request = Request::new(
            "1M".parse().unwrap(),
            "768".parse().unwrap(),
            IndexKind::Hnsw,
        );
        request.version = Some(version.parse().unwrap());
        request.size().unwrap().generation
    };
    let known = [
        ("2.3.5", "guide"),
        ("2.4.5", "guide"),
        ("2.5.16", "2.5"),
        ("2.6.15", "2.6"),
        ("3.0.0", "2.6"),
    ];
    for (version, expected) in known {
        assert_eq!(generation(version).as_str(), expected, "{version}");
    }
}

#[test]
fn a_generation_for_other_roles_is_refused() {
    for (generation, version) in [
        (Generation::Guide, "2.6.15"),
        (Generation::V2_5, "2.6.15"),
        (Generation::V2_6, "2.5.16"),
    ] {
        let mut request = request(generation, "1M", "768", "HNSW");
        request.version = Some(version.parse().unwrap());
        let said = refusal(&request);
        assert!(
            said.contains(version) && said.contains("has other roles"),
            "{said}"
        );
    }
    // Before 2.4.7 coordinators are separate as a rule, and the tool for 2.5 sizes the mixture that they have too.
    let mut request = request(Generation::V2_5, "1M", "768", "HNSW");
    request.version = Some("2.4.5".parse().unwrap());
    request.mode = Some(Mode::Cluster);
    let sizing = request.size().unwrap();
    assert_eq!(sizing.components[0].role.key(), "mixCoordinator");
}

fn any_request() -> impl Strategy<Value = Request> {
    let parts = (
        1_u64..=10_000_000_000,
        2_u32..=32_768,
        prop::sample::select(IndexKind::ALL.to_vec()),
        prop::sample::select(Generation::ALL.to_vec()),
        prop::option::of(0_u32..=60_000_000),
        any::<bool>(),
        1_u16..=100,
        prop::option::of(prop::sample::select(vec![Mode::Standalone, Mode::Cluster])),
    );
    parts.prop_map(
        |(vectors, dimension, index, generation, scalars, offload, replicas, mode)| {
            let mut request = request(
                generation,
                &vectors.to_string(),
                &dimension.to_string(),
                index.as_str(),
            );
            request.scalar_bytes = scalars.unwrap_or(0).to_string().parse().unwrap();
            request.offload = offload;
            request.replicas = replicas.try_into().unwrap();
            request.mode = mode;
            request
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is asked, the answer is a size or a reason, and more is never less.
    #[test]
    fn anything(request in any_request()) {
        if let Ok(sizing) = request.size() {
            prop_assert!(sizing.components.iter().all(|size| size.replicas >= size.replicas_of_tool));
            let mut half = request.clone();
            half.vectors = (request.vectors.get() / 2).max(1).to_string().parse().unwrap();
            half.mode = Some(sizing.mode);
            let half = half.size().unwrap();
            prop_assert!(half.memory_bytes <= sizing.memory_bytes);
            prop_assert!(half.disk_bytes <= sizing.disk_bytes);
            prop_assert!(half.raw_bytes <= sizing.raw_bytes);
        }
    }
}

/// The largest numbers of everything.
#[test]
fn nothing_overflows() {
    for (index, parameters) in [
        ("HNSW", vec!["M=2048"]),
        ("AISAQ", vec!["max_degree=2048", "inline_pq=2048"]),
        ("DISKANN", vec!["max_degree=2048"]),
        ("IVF_FLAT", vec!["nlist=65536"]),
    ] {
        for (vectors, dimension) in [("10B", "2"), ("384M", "2000"), ("23M", "32768")] {
            let mut request = request(Generation::V2_6, vectors, dimension, index);
            request.parameters = parameters
                .iter()
                .map(|text| text.parse().unwrap())
                .collect();
            request.mode = Some(Mode::Cluster);
            let sizing = request.size().unwrap();
            assert!(sizing.raw_bytes <= 3_072_000_000_000, "{index}");
        }
    }
}
