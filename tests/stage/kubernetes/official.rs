//! Images under the names of the official ones, with the same way of being started.

use std::path::Path;

use anyhow::Result;

use super::image::Image;
use crate::cache::Build;

const ENTRYPOINT: &str = include_str!("etcd_image/entrypoint.sh");
const RUN: &str = include_str!("etcd_image/run.sh");
const HEALTHCHECK: &str = include_str!("etcd_image/healthcheck.sh");
const PRESTOP: &str = include_str!("etcd_image/prestop.sh");

/// Texts that go into images, for the parts' keys.
pub(crate) const SCRIPTS: [&str; 4] = [ENTRYPOINT, RUN, HEALTHCHECK, PRESTOP];

impl Image {
    /// Adds busybox as the shell and the usual commands.
    pub(crate) fn shell(&mut self, debian: &Path) -> &mut Self {
        self.file("bin/busybox", debian.join("bin/busybox"));
        for command in [
            "sh", "bash", "ash", "awk", "base64", "basename", "cat", "chmod", "chown", "cp", "cut",
            "date", "df", "dirname", "du", "echo", "env", "false", "find", "grep", "head",
            "hostname", "id", "kill", "ln", "ls", "mkdir", "mktemp", "mv", "nc", "nslookup",
            "ping", "printenv", "printf", "ps", "pwd", "rm", "rmdir", "sed", "sleep", "sort",
            "stat", "sync", "tail", "tar", "test", "timeout", "touch", "tr", "true", "uname", "vi",
            "wc", "wget", "which", "xargs",
        ] {
            self.link(&format!("bin/{command}"), "/bin/busybox");
        }
        self.dir("tmp", 0o1777, 0)
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
}

/// etcd as the official `milvusdb/etcd` images (bitnami's scripts) are started, with Debian's etcd in it.
pub(crate) fn etcd(build: &Build<'_>) -> Result<()> {
    let debian = build.part("debian")?;
    let mut image = Image {
        names: vec![
            "docker.io/milvusdb/etcd:3.5.25-r1",
            "docker.io/milvusdb/etcd:3.5.5-r4",
        ],
        entrypoint: vec!["/opt/bitnami/scripts/etcd/entrypoint.sh"],
        cmd: vec!["/opt/bitnami/scripts/etcd/run.sh"],
        env: vec![
            "PATH=/opt/bitnami/etcd/bin:/usr/bin:/bin",
            "ETCDCTL_API=3",
            "ETCD_DATA_DIR=/bitnami/etcd/data",
        ],
        workdir: "/opt/bitnami/etcd",
        user: "1001",
        ..Image::default()
    };
    image.shell(debian).libraries(debian)?;
    image
        .file("opt/bitnami/etcd/bin/etcd", debian.join("bin/etcd"))
        .file("opt/bitnami/etcd/bin/etcdctl", debian.join("bin/etcdctl"))
        .script("opt/bitnami/scripts/etcd/entrypoint.sh", ENTRYPOINT)
        .script("opt/bitnami/scripts/etcd/run.sh", RUN)
        .script("opt/bitnami/scripts/etcd/healthcheck.sh", HEALTHCHECK)
        .script("opt/bitnami/scripts/etcd/prestop.sh", PRESTOP)
        .dir("bitnami/etcd", 0o775, 1001);
    image.write(&build.out.join("image.tar"), build.scratch)
}

/// Milvus as the official image is started: no entrypoint of our own, `milvus` on the PATH.
pub(crate) fn milvus(build: &Build<'_>) -> Result<()> {
    let (debian, milvus) = (build.part("debian")?, build.part("milvus")?);
    let mut image = Image {
        // The second name is for upgrades: the same server, as if it were a later release.
        names: vec![
            "docker.io/milvusdb/milvus:v2.3.5",
            "docker.io/milvusdb/milvus:v2.3.13",
        ],
        cmd: vec!["milvus", "run", "standalone"],
        env: vec![
            "PATH=/milvus/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH=/milvus/bin:/milvus/lib",
            "MILVUSCONF=/milvus/configs",
        ],
        workdir: "/milvus",
        ..Image::default()
    };
    image.shell(debian).libraries(debian)?;
    image
        .files("milvus/bin", &milvus.join("bin"))?
        .files("milvus/configs", &milvus.join("configs"))?;
    image
        .dir("milvus/tools", 0o755, 0)
        .dir("milvus/logs", 0o1777, 0)
        .dir("var/lib/milvus", 0o1777, 0);
    image.write(&build.out.join("image.tar"), build.scratch)
}
