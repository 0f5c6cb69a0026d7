//! What the Kubernetes half keeps in the cache: programs, and images made of them.

use std::fs;

use anyhow::Result;

use super::image::{self, Image};
use super::{config_tool, official, stand_ins};
use crate::cache::{Build, Part};

const KUBERNETES: &str = "1.34.4";
const COREDNS: &str = "1.15.0";
const PROVISIONER: &str = "0.0.30";
const HELM: &str = "3.18.6";
const HELM_4: &str = "4.3.2";
/// Raise it when an image's contents change other than by its sources.
const IMAGE_REVISION: &str = "3";

/// Image parts; the containerd root folder holds them all.
const IMAGES: &[&str] = &[
    "image-pause",
    "image-busybox",
    "image-coredns",
    "image-local-path-provisioner",
    "image-etcd",
    "image-milvus",
    "image-load-balancer-controller",
    "image-attu",
    "image-probe",
    "image-config-tool",
];

const GO_MOD: &str = include_str!("go/go.mod");
const GO_SUM: &str = include_str!("go/go.sum");
const GO_TOOLS: &str = include_str!("go/tools.go");
const KUBERNETES_SCRIPT: &str = include_str!("kubernetes.sh");
const DEBIAN_SCRIPT: &str = include_str!("debian.sh");
const GO_INSTALL_SCRIPT: &str = include_str!("go_install.sh");
const CONTAINERD_SCRIPT: &str = include_str!("containerd_images.sh");

/// All parts of the Kubernetes half, the longest build first.
pub(crate) fn parts() -> Vec<Part> {
    [programs(), images()].concat()
}

fn programs() -> Vec<Part> {
    vec![
        Part {
            name: "kubernetes",
            version: KUBERNETES,
            recipe: [GO_MOD, GO_SUM, GO_TOOLS, KUBERNETES_SCRIPT]
                .map(str::to_owned)
                .to_vec(),
            needs: &[],
            build: build_kubernetes,
        },
        Part {
            name: "debian",
            version: "12",
            recipe: vec![DEBIAN_SCRIPT.to_owned()],
            needs: &[],
            build: |build| build.script(DEBIAN_SCRIPT, &[]),
        },
        Part {
            name: "coredns",
            version: COREDNS,
            recipe: vec![GO_INSTALL_SCRIPT.to_owned()],
            needs: &[],
            build: |build| go_install(build, "github.com/coredns/coredns", COREDNS),
        },
        Part {
            name: "local-path-provisioner",
            version: PROVISIONER,
            recipe: vec![GO_INSTALL_SCRIPT.to_owned()],
            needs: &[],
            build: |build| {
                go_install(
                    build,
                    "github.com/rancher/local-path-provisioner",
                    PROVISIONER,
                )
            },
        },
        Part {
            name: "helm",
            version: HELM,
            recipe: vec![GO_INSTALL_SCRIPT.to_owned()],
            needs: &[],
            build: |build| go_install(build, "helm.sh/helm/v3/cmd/helm", HELM),
        },
        Part {
            name: "helm4",
            version: HELM_4,
            recipe: vec![GO_INSTALL_SCRIPT.to_owned()],
            needs: &[],
            build: build_helm_4,
        },
        stand_ins::part(),
        official::launcher(),
    ]
}

fn images() -> Vec<Part> {
    vec![
        config_tool::part(),
        image("image-pause", KUBERNETES, vec![], &["kubernetes"], pause),
        image("image-busybox", "1.35", vec![], &["debian"], busybox),
        image(
            "image-coredns",
            COREDNS,
            vec![],
            &["coredns", "debian"],
            coredns,
        ),
        image(
            "image-local-path-provisioner",
            PROVISIONER,
            vec![],
            &["local-path-provisioner", "debian"],
            provisioner,
        ),
        image(
            "image-etcd",
            "3.4.23",
            official::etcd_recipe(),
            &["debian"],
            official::etcd,
        ),
        image(
            "image-milvus",
            "2.3.5-of-every-layout",
            official::milvus_recipe(),
            &["debian", "milvus", "milvus-launcher"],
            official::milvus,
        ),
        image(
            "image-load-balancer-controller",
            "1",
            vec![],
            &["stand-ins"],
            stand_ins::controller,
        ),
        image(
            "image-attu",
            "2",
            official::attu_recipe(),
            &["debian", "stand-ins"],
            official::attu,
        ),
        image("image-probe", "1", vec![], &["stand-ins"], stand_ins::probe),
        Part {
            name: "containerd-images",
            version: "1",
            recipe: vec![CONTAINERD_SCRIPT.to_owned()],
            needs: &[
                "debian",
                "image-pause",
                "image-busybox",
                "image-coredns",
                "image-local-path-provisioner",
                "image-etcd",
                "image-milvus",
                "image-load-balancer-controller",
                "image-attu",
                "image-probe",
                "image-config-tool",
            ],
            build: build_containerd_images,
        },
    ]
}

fn image(
    name: &'static str,
    version: &'static str,
    recipe: Vec<String>,
    needs: &'static [&'static str],
    build: fn(&Build<'_>) -> Result<()>,
) -> Part {
    let of_all = [IMAGE_REVISION].iter().chain(official::SHELL);
    let of_all = of_all.map(|text| (*text).to_owned());
    Part {
        name,
        version,
        recipe: of_all.chain(recipe).collect(),
        needs,
        build,
    }
}

fn build_kubernetes(build: &Build<'_>) -> Result<()> {
    for (name, text) in [
        ("go.mod", GO_MOD),
        ("go.sum", GO_SUM),
        ("tools.go", GO_TOOLS),
    ] {
        fs::write(build.scratch.join(name), text)?;
    }
    build.script(KUBERNETES_SCRIPT, &[("VERSION", KUBERNETES)])
}

fn go_install(build: &Build<'_>, module: &str, version: &str) -> Result<()> {
    build.script(
        GO_INSTALL_SCRIPT,
        &[("MODULE", module), ("VERSION", version)],
    )
}

/// Beside version 3 on the PATH, so by a name of its own. It calls itself `helm` all the same.
fn build_helm_4(build: &Build<'_>) -> Result<()> {
    go_install(build, "helm.sh/helm/v4/cmd/helm", HELM_4)?;
    let folder = build.out.join("bin");
    fs::rename(folder.join("helm"), folder.join("helm4"))?;
    Ok(())
}

fn build_containerd_images(build: &Build<'_>) -> Result<()> {
    let mut archives = Vec::new();
    for name in IMAGES {
        archives.push(
            build
                .part(name)?
                .join("image.tar")
                .to_string_lossy()
                .into_owned(),
        );
    }
    let debian = build.part("debian")?.to_string_lossy().into_owned();
    build.script(
        CONTAINERD_SCRIPT,
        &[("DEBIAN", &debian), ("IMAGES", &archives.join(" "))],
    )
}

fn write(build: &Build<'_>, image: Image) -> Result<()> {
    image::write(vec![image], &build.out.join("image.tar"), build.scratch)
}

fn pause(build: &Build<'_>) -> Result<()> {
    let mut image = Image {
        names: &["docker.io/stage/pause:1"],
        entrypoint: &["/pause"],
        ..Image::default()
    };
    image.user = "65535:65535";
    image
        .files
        .file("pause", build.part("kubernetes")?.join("bin/pause"));
    write(build, image)
}

fn busybox(build: &Build<'_>) -> Result<()> {
    let mut image = Image {
        names: &["docker.io/library/busybox:latest"],
        cmd: &["sh"],
        env: &["PATH=/bin"],
        ..Image::default()
    };
    image.files.shell(build.part("debian")?);
    write(build, image)
}

fn coredns(build: &Build<'_>) -> Result<()> {
    let mut image = Image {
        names: &["docker.io/coredns/coredns:1.15.0"],
        ..Image::default()
    };
    image.entrypoint = &["/coredns"];
    image
        .files
        .file("coredns", build.part("coredns")?.join("bin/coredns"));
    image.files.file(
        "etc/ssl/certs/ca-certificates.crt",
        build.part("debian")?.join("ca-certificates.crt"),
    );
    write(build, image)
}

fn provisioner(build: &Build<'_>) -> Result<()> {
    let mut image = Image {
        names: &["docker.io/rancher/local-path-provisioner:v0.0.30"],
        ..Image::default()
    };
    image.env = &["PATH=/usr/bin:/bin"];
    image.files.file(
        "usr/bin/local-path-provisioner",
        build
            .part("local-path-provisioner")?
            .join("bin/local-path-provisioner"),
    );
    image.files.file(
        "etc/ssl/certs/ca-certificates.crt",
        build.part("debian")?.join("ca-certificates.crt"),
    );
    write(build, image)
}
