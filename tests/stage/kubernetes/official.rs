//! Images under the names of the official ones, laid out as those are (`layouts`), with the same way of being started.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Result, ensure};

use super::image::{self, Image, Layer, Rights};
use super::layouts::{AttuImage, ETCD, MILVUS, MilvusImage, MilvusLayout, Settings};
use super::{go, layouts};
use crate::cache::{Build, Part};

const ETCD_SCRIPTS: [(&str, &str); 6] = [
    ("etcd-env.sh", include_str!("etcd_image/etcd-env.sh")),
    (
        "etcd/entrypoint.sh",
        include_str!("etcd_image/entrypoint.sh"),
    ),
    ("etcd/setup.sh", include_str!("etcd_image/setup.sh")),
    ("etcd/run.sh", include_str!("etcd_image/run.sh")),
    (
        "etcd/healthcheck.sh",
        include_str!("etcd_image/healthcheck.sh"),
    ),
    ("etcd/prestop.sh", include_str!("etcd_image/prestop.sh")),
];
const ATTU_ENV: &str = include_str!("attu_image/env.sh");
const ATTU_ENTRYPOINT: &str = include_str!("attu_image/docker-entrypoint.sh");
const ATTU_YARN: &str = include_str!("attu_image/yarn");
/// The program `milvus` of images whose server reads more files than the stage's.
const LAUNCHER: [(&str, &str); 3] = [
    ("go.mod", include_str!("milvus_image/go.mod")),
    ("go.sum", include_str!("milvus_image/go.sum")),
    ("main.go", include_str!("milvus_image/main.go")),
];
/// As `LAUNCHER` calls it.
const SERVER: &str = "milvus-2.3.5";

/// busybox knows no such name.
const BASH: &str = "#!/bin/sh\nexec /bin/sh \"$@\"\n";
/// Root's account, as every distribution has it.
const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\n";

/// What goes into all images with a shell, for the parts' keys.
pub(crate) const SHELL: &[&str] = &[BASH, PASSWD, GROUP];

/// What goes into those of Milvus.
pub(crate) fn milvus_recipe() -> Vec<String> {
    vec![format!("{MILVUS:?}")]
}

/// What goes into those of etcd.
pub(crate) fn etcd_recipe() -> Vec<String> {
    let scripts = ETCD_SCRIPTS.iter().map(|(_, text)| (*text).to_owned());
    scripts.chain([format!("{ETCD:?}")]).collect()
}

/// What goes into those of Attu.
pub(crate) fn attu_recipe() -> Vec<String> {
    let scripts = [ATTU_ENV, ATTU_ENTRYPOINT, ATTU_YARN].map(str::to_owned);
    [scripts.to_vec(), vec![format!("{:?}", layouts::ATTU)]].concat()
}

impl Layer {
    /// Adds busybox as the shell and the usual commands.
    pub(crate) fn shell(&mut self, debian: &Path) -> &mut Self {
        self.file("bin/busybox", debian.join("bin/busybox"));
        for command in [
            "sh", "ash", "awk", "base64", "basename", "cat", "chmod", "chown", "cp", "cut", "date",
            "df", "dirname", "du", "echo", "env", "false", "find", "grep", "head", "hostname",
            "id", "kill", "ln", "ls", "mkdir", "mktemp", "mv", "nc", "nslookup", "ping", "printf",
            "ps", "pwd", "rm", "rmdir", "sed", "sleep", "sort", "stat", "sync", "tail", "tar",
            "test", "timeout", "touch", "tr", "true", "uname", "vi", "wc", "wget", "which",
            "xargs",
        ] {
            self.link(&format!("bin/{command}"), "/bin/busybox");
        }
        self.script("bin/bash", BASH);
        self.with(Rights {
            mode: Some(0o1777),
            ..Rights::default()
        });
        self.dir("tmp").with(Rights::default())
    }

    /// Adds the C library, for programs that are not static, and the certificates that TLS clients look for.
    fn libraries(&mut self, debian: &Path) -> Result<&mut Self> {
        // The loader is looked for in /lib64 (x86) or /lib (arm).
        self.files("lib", &debian.join("libc"))?
            .link("lib64", "/lib");
        Ok(self.file(
            "etc/ssl/certs/ca-certificates.crt",
            debian.join("ca-certificates.crt"),
        ))
    }

    /// Adds the accounts of a distribution, and others beside them.
    fn accounts(&mut self, passwd: &str, group: &str) -> &mut Self {
        self.text("etc/passwd", format!("{PASSWD}{passwd}"))
            .text("etc/group", format!("{GROUP}{group}"))
    }
}

/// etcd as the official `milvusdb/etcd` images (bitnami's scripts) are started, with Debian's etcd in it.
pub(crate) fn etcd(build: &Build<'_>) -> Result<()> {
    let debian = build.part("debian")?;
    let mut image = Image {
        names: ETCD,
        entrypoint: &["/opt/bitnami/scripts/etcd/entrypoint.sh"],
        cmd: &["/opt/bitnami/scripts/etcd/run.sh"],
        env: &[
            "PATH=/opt/bitnami/common/bin:/opt/bitnami/etcd/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/",
            "ETCDCTL_API=3",
            "BITNAMI_APP_NAME=etcd",
        ],
        workdir: "/opt/bitnami/etcd",
        user: "1001",
        ..Image::default()
    };
    let files = &mut image.files;
    files.shell(debian).libraries(debian)?.accounts("", "");
    for program in ["etcd", "etcdctl"] {
        let path = format!("opt/bitnami/etcd/bin/{program}");
        files.file(&path, debian.join("bin").join(program));
    }
    for (name, text) in ETCD_SCRIPTS {
        files.script(&format!("opt/bitnami/scripts/{name}"), text);
    }
    files.with(Rights {
        mode: Some(0o775),
        ..Rights::default()
    });
    // There is no folder `conf`.
    files
        .dir("opt/bitnami")
        .dir("opt/bitnami/etcd/certs")
        .dir("bitnami/etcd/data");
    image::write(vec![image], &build.out.join("image.tar"), build.scratch)
}

/// The part `milvus-launcher`.
pub(crate) fn launcher() -> Part {
    Part {
        name: "milvus-launcher",
        version: "1",
        recipe: go::recipe(&LAUNCHER),
        needs: &[],
        build: |build| go::build(build, &LAUNCHER),
    }
}

/// Milvus of every layout, in one archive.
pub(crate) fn milvus(build: &Build<'_>) -> Result<()> {
    let (debian, milvus) = (build.part("debian")?, build.part("milvus")?);
    let mut system = Layer::default();
    system.shell(debian).libraries(debian)?;
    system.file("tini", debian.join("bin/tini"));
    let system = Rc::new(system);
    let mut images = Vec::new();
    for layout in &MILVUS {
        let server = Rc::new(milvus_files(layout, debian, milvus)?);
        for one in layout.images {
            images.push(milvus_image(
                build,
                layout,
                one,
                vec![Rc::clone(&system), Rc::clone(&server)],
            )?);
        }
    }
    image::write(images, &build.out.join("image.tar"), build.scratch)
}

fn rights(layout: &MilvusLayout) -> Rights {
    let (uid, gid) = layout.owner;
    Rights {
        uid,
        gid,
        mode: layout.mode,
    }
}

/// The server, its libraries and its settings, which all images of a layout share.
fn milvus_files(layout: &MilvusLayout, debian: &Path, milvus: &Path) -> Result<Layer> {
    let mut files = Layer::default();
    files.dir("milvus");
    let (passwd, group) = layout.accounts.unwrap_or_default();
    files.accounts(passwd, group);
    if let Some((uid, gid)) = layout.data_folder {
        let rights = Rights {
            uid,
            gid,
            mode: None,
        };
        files.with(rights).dir("var/lib/milvus");
    }
    files.with(rights(layout));
    files.dir("milvus/bin").dir("milvus/lib");
    for entry in fs::read_dir(milvus.join("bin"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = match name.as_str() {
            "milvus" => format!("milvus/bin/{SERVER}"),
            library => format!("milvus/lib/{library}"),
        };
        files.file(&path, entry.path());
    }
    files
        .file(
            "milvus/lib/libjemalloc.so",
            debian.join("lib/libjemalloc.so.2"),
        )
        .dir("milvus/configs")
        .file("milvus/configs/glog.conf", milvus.join("configs/glog.conf"))
        .text("milvus/configs/milvus.yaml", official_settings(milvus)?);
    Ok(files)
}

/// The wheel's settings are those of one process with everything in it; the official image's are not.
fn official_settings(milvus: &Path) -> Result<String> {
    let mut text = fs::read_to_string(milvus.join("configs/milvus.yaml"))?;
    for (wheels, official) in [
        ("    embed: true ", "    embed: false "),
        ("  storageType: local ", "  storageType: remote "),
    ] {
        ensure!(
            text.matches(wheels).count() == 1,
            "milvus.yaml of the wheel has no line `{wheels}`, or several"
        );
        text = text.replace(wheels, official);
    }
    Ok(text)
}

fn milvus_image(
    build: &Build<'_>,
    layout: &MilvusLayout,
    one: &MilvusImage,
    below: Vec<Rc<Layer>>,
) -> Result<Image> {
    let mut files = Layer::default();
    files.with(rights(layout));
    match one.settings {
        Settings::Own => files.link("milvus/bin/milvus", SERVER),
        Settings::Layered => files.file(
            "milvus/bin/milvus",
            build.part("milvus-launcher")?.join("bin/milvus"),
        ),
    };
    Ok(Image {
        names: one.names,
        entrypoint: &["/tini", "--"],
        env: layout.env,
        workdir: "/milvus/",
        user: layout.user,
        below,
        files,
        ..Image::default()
    })
}

/// Attu of every line: the web page and its start script as in the official image, a small server in place of Attu's.
pub(crate) fn attu(build: &Build<'_>) -> Result<()> {
    let (debian, programs) = (build.part("debian")?, build.part("stand-ins")?);
    let images = layouts::ATTU
        .iter()
        .map(|one| attu_image(one, debian, programs));
    let images = images.collect();
    image::write(images, &build.out.join("image.tar"), build.scratch)
}

fn attu_image(one: &AttuImage, debian: &Path, programs: &Path) -> Image {
    let mut files = Layer::default();
    files
        .shell(debian)
        .accounts("node:x:1000:1000::/home/node:/bin/bash\n", "node:x:1000:\n");
    files
        .script("usr/local/bin/docker-entrypoint.sh", ATTU_ENTRYPOINT)
        .script("usr/local/bin/yarn", ATTU_YARN)
        .file("usr/local/bin/attu-server", programs.join("bin/attu"));
    // `chgrp -R 0 /app && chmod -R g=u /app`.
    let group_as_user = |mode| Rights {
        mode: Some(mode),
        ..Rights::default()
    };
    files.with(group_as_user(0o775)).dir("app").dir("app/build");
    files.script("app/build/env.sh", ATTU_ENV);
    files.with(group_as_user(0o664));
    files.text("app/build/.env", format!("{}=\n", one.address));
    files.text("app/build/env-config.js", "window._env_ = {}\n");
    Image {
        names: one.names,
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["/bin/bash", "-c", "/app/build/env.sh && yarn start:prod"],
        env: &["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        workdir: "/app",
        files,
        ..Image::default()
    }
}
