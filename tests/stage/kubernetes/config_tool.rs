//! The image by which charts before 4.2.0 lay their settings over the server's own, with a small program of our own in it.

use anyhow::Result;

use super::go;
use super::image::{self, Image};
use crate::cache::{Build, Part};

/// Name in the module, text.
const SOURCES: [(&str, &str); 3] = [
    ("go.mod", include_str!("config_tool/go.mod")),
    ("go.sum", include_str!("config_tool/go.sum")),
    ("main.go", include_str!("config_tool/main.go")),
];
const RUN: &str = include_str!("config_tool/run-helm.sh");

/// The part `image-config-tool`.
pub(super) fn part() -> Part {
    Part {
        name: "image-config-tool",
        version: "1",
        recipe: [go::recipe(&SOURCES), vec![RUN.to_owned()]].concat(),
        needs: &[],
        build,
    }
}

fn build(build: &Build<'_>) -> Result<()> {
    go::build(build, &SOURCES)?;
    let program = build.out.join("bin/config-tool");
    let mut image = Image {
        names: &["docker.io/milvusdb/milvus-config-tool:v0.1.2"],
        user: "65532:65532",
        ..Image::default()
    };
    image
        .files
        .file("cp", &program)
        .file("merge", &program)
        .script("run-helm.sh", RUN);
    image::write(vec![image], &build.out.join("image.tar"), build.scratch)
}
