//! Images of what cannot be had from package registries: small Go programs of our own in their place.

use anyhow::Result;

use super::go;
use super::image::{self, Image, Rights};
use super::layouts::CONTROLLER_USER;
use crate::cache::{Build, Part};

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
    ("scc/main.go", include_str!("stand_ins/scc/main.go")),
    ("scc/rules.go", include_str!("stand_ins/scc/rules.go")),
    ("probe/main.go", include_str!("stand_ins/probe/main.go")),
    (
        "controller/webhooks.go",
        include_str!("stand_ins/controller/webhooks.go"),
    ),
];

/// The part `stand-ins`.
pub(super) fn part() -> Part {
    Part {
        name: "stand-ins",
        version: "1",
        recipe: go::recipe(SOURCES),
        needs: &[],
        build: |build| go::build(build, SOURCES),
    }
}

/// The AWS Load Balancer Controller.
pub(super) fn controller(build: &Build<'_>) -> Result<()> {
    let image = Image {
        names: &["public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0"],
        entrypoint: &["/controller"],
        user: CONTROLLER_USER,
        ..Image::default()
    };
    program(build, image, "controller")
}

/// What pods of the checks run.
pub(super) fn probe(build: &Build<'_>) -> Result<()> {
    let image = Image {
        names: &["docker.io/stage/probe:1"],
        entrypoint: &["/probe"],
        user: "65534:65534",
        ..Image::default()
    };
    program(build, image, "probe")
}

/// An image of a program alone.
fn program(build: &Build<'_>, mut image: Image, name: &str) -> Result<()> {
    let scratch = Rights {
        mode: Some(0o1777),
        ..Rights::default()
    };
    let from = build.part("stand-ins")?.join("bin").join(name);
    image.files.file(name, from).with(scratch).dir("tmp");
    image::write(vec![image], &build.out.join("image.tar"), build.scratch)
}
