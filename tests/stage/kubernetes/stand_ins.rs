//! Images of what cannot be had from package registries: small Go programs of our own in their place.

use std::fs;

use anyhow::Result;

use super::image::Image;
use crate::cache::Build;

/// Path in the module, text.
const SOURCES: &[(&str, &str)] = &[
    ("go.mod", include_str!("stand_ins/go.mod")),
    ("attu/main.go", include_str!("stand_ins/attu/main.go")),
    (
        "controller/aws.go",
        include_str!("stand_ins/controller/aws.go"),
    ),
    (
        "controller/kubernetes.go",
        include_str!("stand_ins/controller/kubernetes.go"),
    ),
    (
        "controller/listeners.go",
        include_str!("stand_ins/controller/listeners.go"),
    ),
    (
        "controller/main.go",
        include_str!("stand_ins/controller/main.go"),
    ),
    (
        "controller/reconcile.go",
        include_str!("stand_ins/controller/reconcile.go"),
    ),
    ("probe/main.go", include_str!("stand_ins/probe/main.go")),
    (
        "controller/webhooks.go",
        include_str!("stand_ins/controller/webhooks.go"),
    ),
];

const SCRIPT: &str = r#"export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
mkdir -p "$OUT/bin"
go build -ldflags "-s -w" -o "$OUT/bin/" ./..."#;

/// All that goes into them.
pub(super) fn recipe() -> Vec<String> {
    let sources = SOURCES.iter().map(|(_, text)| (*text).to_owned());
    sources.chain([SCRIPT.to_owned()]).collect()
}

pub(super) fn build(build: &Build<'_>) -> Result<()> {
    for (path, text) in SOURCES {
        let path = build.scratch.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    build.script(SCRIPT, &[])
}

/// The AWS Load Balancer Controller.
pub(super) fn controller(build: &Build<'_>) -> Result<()> {
    program(
        build,
        "controller",
        vec!["public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0"],
    )
}

/// Attu, of every line of Milvus.
pub(super) fn attu(build: &Build<'_>) -> Result<()> {
    program(
        build,
        "attu",
        vec![
            "docker.io/zilliz/attu:v2.3.10",
            "docker.io/zilliz/attu:v2.4.6",
            "docker.io/zilliz/attu:v2.5.3",
        ],
    )
}

/// What pods of the checks run.
pub(super) fn probe(build: &Build<'_>) -> Result<()> {
    program(build, "probe", vec!["docker.io/stage/probe:1"])
}

fn program(build: &Build<'_>, name: &'static str, names: Vec<&'static str>) -> Result<()> {
    let mut image = Image {
        names,
        entrypoint: vec!["/program"],
        user: "65534:65534",
        ..Image::default()
    };
    image
        .file("program", build.part("stand-ins")?.join("bin").join(name))
        .dir("tmp", 0o1777, 0);
    image.write(&build.out.join("image.tar"), build.scratch)
}
