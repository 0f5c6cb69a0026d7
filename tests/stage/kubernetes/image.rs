//! Container images without a registry: a docker-archive with one layer, the same bytes on every run.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// An image to be written: how it starts, and the files of its only layer.
#[derive(Default)]
pub(crate) struct Image {
    /// All names it is imported under, with registry and tag.
    pub(crate) names: Vec<&'static str>,
    pub(crate) entrypoint: Vec<&'static str>,
    pub(crate) cmd: Vec<&'static str>,
    pub(crate) env: Vec<&'static str>,
    pub(crate) workdir: &'static str,
    pub(crate) user: &'static str,
    pub(crate) entries: Vec<(String, Source)>,
}

/// Where an entry of the layer comes from.
pub(crate) enum Source {
    File(PathBuf),
    Script(&'static str),
    Link(&'static str),
    Dir { mode: u32, uid: u64 },
}

impl Image {
    /// Adds a file of this machine; its mode is kept.
    pub(crate) fn file(&mut self, path: &str, from: impl Into<PathBuf>) -> &mut Self {
        self.add(path, Source::File(from.into()))
    }

    /// Adds all files of a folder of this machine, links followed.
    pub(crate) fn files(&mut self, path: &str, from: &Path) -> Result<&mut Self> {
        let listing = fs::read_dir(from).with_context(|| format!("listing {}", from.display()))?;
        for entry in listing {
            let entry = entry?;
            let inner = format!("{path}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.files(&inner, &entry.path())?;
            } else {
                self.file(&inner, entry.path());
            }
        }
        Ok(self)
    }

    /// Adds an executable text.
    pub(crate) fn script(&mut self, path: &str, text: &'static str) -> &mut Self {
        self.add(path, Source::Script(text))
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &'static str) -> &mut Self {
        self.add(path, Source::Link(target))
    }

    /// Adds a folder with its mode and owner.
    pub(crate) fn dir(&mut self, path: &str, mode: u32, uid: u64) -> &mut Self {
        self.add(path, Source::Dir { mode, uid })
    }

    fn add(&mut self, path: &str, source: Source) -> &mut Self {
        self.entries
            .push((path.trim_start_matches('/').to_owned(), source));
        self
    }

    /// Writes the archive that `ctr images import` reads.
    pub(crate) fn write(mut self, archive: &Path, scratch: &Path) -> Result<()> {
        self.entries.sort_by(|left, right| left.0.cmp(&right.0));
        let layer = scratch.join("layer.tar");
        let digest = self.write_layer(&layer)?;
        let config = serde_json::to_vec(&json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": {
                "Entrypoint": self.entrypoint, "Cmd": self.cmd, "Env": self.env,
                "WorkingDir": self.workdir, "User": self.user,
            },
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
            "history": [{"created_by": "kubectl-milvus stage"}],
        }))?;
        let config_name = format!("{}.json", hex(&Sha256::digest(&config)));
        let layer_name = format!("{digest}/layer.tar");
        let manifest =
            json!([{"Config": config_name, "RepoTags": self.names, "Layers": [layer_name]}]);
        let file =
            File::create(archive).with_context(|| format!("creating {}", archive.display()))?;
        let mut tar = Builder::new(BufWriter::new(file));
        append(
            &mut tar,
            &config_name,
            0o644,
            config.len() as u64,
            config.as_slice(),
        )?;
        append(
            &mut tar,
            &layer_name,
            0o644,
            fs::metadata(&layer)?.len(),
            File::open(&layer)?,
        )?;
        let manifest = serde_json::to_vec(&manifest)?;
        append(
            &mut tar,
            "manifest.json",
            0o644,
            manifest.len() as u64,
            manifest.as_slice(),
        )?;
        tar.into_inner()?.flush()?;
        fs::remove_file(&layer)?;
        Ok(())
    }

    fn write_layer(&self, path: &Path) -> Result<String> {
        let writer = Hashing {
            inner: BufWriter::new(File::create(path)?),
            hash: Sha256::new(),
        };
        let mut tar = Builder::new(writer);
        for (name, source) in &self.entries {
            match source {
                Source::File(from) => {
                    let mut file =
                        File::open(from).with_context(|| format!("opening {}", from.display()))?;
                    let meta = file.metadata()?;
                    let mode = if meta.permissions().mode() & 0o100 == 0 {
                        0o644
                    } else {
                        0o755
                    };
                    append(
                        &mut tar,
                        name,
                        mode,
                        meta.len(),
                        (&mut file).take(meta.len()),
                    )?;
                }
                Source::Script(text) => {
                    append(&mut tar, name, 0o755, text.len() as u64, text.as_bytes())?;
                }
                Source::Link(target) => {
                    let mut header = header(EntryType::Symlink, 0o777, 0);
                    tar.append_link(&mut header, name, target)?;
                }
                Source::Dir { mode, uid } => {
                    let mut header = header(EntryType::Directory, *mode, 0);
                    header.set_uid(*uid);
                    tar.append_data(&mut header, format!("{name}/"), io::empty())?;
                }
            }
        }
        let mut writer = tar.into_inner()?;
        writer.flush()?;
        Ok(hex(&writer.hash.finalize()))
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append<W: Write>(
    tar: &mut Builder<W>,
    name: &str,
    mode: u32,
    size: u64,
    data: impl io::Read,
) -> Result<()> {
    let mut header = header(EntryType::Regular, mode, size);
    tar.append_data(&mut header, name, data)
        .with_context(|| format!("adding {name} to an image"))
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Passes bytes on and hashes them, so that a layer is read once only.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn archive(dir: &Path, name: &str, turned: bool) -> Vec<u8> {
        let from = dir.join("program");
        fs::write(&from, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o700)).unwrap();
        let mut image = Image {
            names: vec!["docker.io/stage/test:1"],
            cmd: vec!["program"],
            ..Image::default()
        };
        if turned {
            image
                .dir("data", 0o1777, 1001)
                .link("bin/link", "/bin/program")
                .file("bin/program", &from);
        } else {
            image
                .file("/bin/program", &from)
                .link("bin/link", "/bin/program")
                .dir("data", 0o1777, 1001);
        }
        let path = dir.join(name);
        image.write(&path, dir).unwrap();
        fs::read(path).unwrap()
    }

    fn files(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        });
        entries.collect()
    }

    #[test]
    fn the_same_contents_are_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(archive(dir.path(), "a", false) == archive(dir.path(), "b", true));
    }

    #[test]
    fn the_manifest_names_what_is_there_by_its_digest() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(&archive(dir.path(), "a", false));
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"][0], "docker.io/stage/test:1");
        let config = &files[manifest[0]["Config"].as_str().unwrap()];
        let config: serde_json::Value = serde_json::from_slice(config).unwrap();
        let layer = &files[manifest[0]["Layers"][0].as_str().unwrap()];
        assert_eq!(
            config["rootfs"]["diff_ids"][0],
            format!("sha256:{}", hex(&Sha256::digest(layer)))
        );

        let mut layer = tar::Archive::new(layer.as_slice());
        let modes: BTreeMap<_, _> = layer
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                (
                    entry.path().unwrap().display().to_string(),
                    (header.mode().unwrap(), header.uid().unwrap()),
                )
            })
            .collect();
        assert_eq!(modes["bin/program"], (0o755, 0));
        assert_eq!(modes["data/"], (0o1777, 1001));
    }
}
