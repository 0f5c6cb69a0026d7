//! The image by which charts before 4.2.0 lay their settings over the server's own, with a small program of our own in it.

use std::fs;

use anyhow::Result;

use super::image::Image;
use crate::cache::{Build, Part};

/// Name in the module, text.
const SOURCES: [(&str, &str); 3] = [
    ("go.mod", include_str!("config_tool/go.mod")),
    ("go.sum", include_str!("config_tool/go.sum")),
    ("main.go", include_str!("config_tool/main.go")),
];
const RUN: &str = include_str!("config_tool/run-helm.sh");
const SCRIPT: &str = r#"export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
mkdir -p "$OUT/bin"
go build -ldflags "-s -w" -o "$OUT/bin/config-tool" ."#;

/// The part `image-config-tool`.
pub(super) fn part() -> Part {
    let sources = SOURCES.iter().map(|(_, text)| (*text).to_owned());
    Part {
        name: "image-config-tool",
        version: "1",
        recipe: sources.chain([RUN, SCRIPT].map(str::to_owned)).collect(),
        needs: &[],
        build,
    }
}

fn build(build: &Build<'_>) -> Result<()> {
    for (name, text) in SOURCES {
        fs::write(build.scratch.join(name), text)?;
    }
    build.script(SCRIPT, &[])?;
    let program = build.out.join("bin/config-tool");
    let mut image = Image {
        names: vec!["docker.io/milvusdb/milvus-config-tool:v0.1.2"],
        ..Image::default()
    };
    image
        .file("cp", &program)
        .file("merge", &program)
        .script("run-helm.sh", RUN);
    image.write(&build.out.join("image.tar"), build.scratch)
}
