//! Container images without a registry: docker-archives of layers, the same bytes on every run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// An image to be written: how it starts, and its files.
#[derive(Default)]
pub(crate) struct Image {
    /// All names it is imported under, with registry and tag.
    pub(crate) names: &'static [&'static str],
    pub(crate) entrypoint: &'static [&'static str],
    pub(crate) cmd: &'static [&'static str],
    pub(crate) env: &'static [&'static str],
    pub(crate) workdir: &'static str,
    pub(crate) user: &'static str,
    /// Layers that several images of one archive share, the lowest first.
    pub(crate) below: Vec<Rc<Layer>>,
    /// Its own files, over those of the shared layers.
    pub(crate) files: Layer,
}

/// The owner of files and folders, and their mode.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rights {
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    /// For files and folders alike; none for 0755 where something is executable or a folder, and 0644 elsewhere.
    pub(crate) mode: Option<u32>,
}

/// Files of a root file system, by path.
#[derive(Default)]
pub(crate) struct Layer {
    entries: BTreeMap<String, (Source, Rights)>,
    rights: Rights,
}

/// Where an entry of a layer comes from.
enum Source {
    File(PathBuf),
    Script(&'static str),
    Text(String),
    Link(&'static str),
    Dir,
}

impl Layer {
    /// What is added from now on has this owner and mode. At first everything is root's, with the mode that it has here.
    pub(crate) fn with(&mut self, rights: Rights) -> &mut Self {
        self.rights = rights;
        self
    }

    /// Adds a file of this machine.
    pub(crate) fn file(&mut self, path: &str, from: impl Into<PathBuf>) -> &mut Self {
        self.add(path, Source::File(from.into()))
    }

    /// Adds a folder of this machine with all files in it, links followed.
    pub(crate) fn files(&mut self, path: &str, from: &Path) -> Result<&mut Self> {
        self.dir(path);
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

    /// Adds a text.
    pub(crate) fn text(&mut self, path: &str, text: impl Into<String>) -> &mut Self {
        self.add(path, Source::Text(text.into()))
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &'static str) -> &mut Self {
        self.add(path, Source::Link(target))
    }

    /// Adds a folder.
    pub(crate) fn dir(&mut self, path: &str) -> &mut Self {
        self.add(path, Source::Dir)
    }

    fn add(&mut self, path: &str, source: Source) -> &mut Self {
        let path = path.trim_start_matches('/').to_owned();
        self.entries.insert(path, (source, self.rights));
        self
    }

    /// Writes it, compressed, into a file of the folder; what it is called, and the file.
    fn write(&self, folder: &Path) -> Result<(String, PathBuf)> {
        let plain = folder.join("layer.tar");
        let digest = self.write_plain(&plain)?;
        let status = Command::new("gzip")
            .args(["-1", "-n", "-f"])
            .arg(&plain)
            .status();
        let status = status.context("starting gzip")?;
        if !status.success() {
            bail!("gzip of an image's layer ended with {status}");
        }
        let packed = folder.join(format!("{digest}.gz"));
        fs::rename(folder.join("layer.tar.gz"), &packed)?;
        Ok((digest, packed))
    }

    fn write_plain(&self, path: &Path) -> Result<String> {
        let writer = Hashing {
            inner: BufWriter::new(File::create(path)?),
            hash: Sha256::new(),
        };
        let mut tar = Builder::new(writer);
        for (name, (source, rights)) in &self.entries {
            write_entry(&mut tar, name, source, rights)?;
        }
        let mut writer = tar.into_inner()?;
        writer.flush()?;
        Ok(hex(&writer.hash.finalize()))
    }
}

fn write_entry(
    tar: &mut Builder<impl Write>,
    name: &str,
    source: &Source,
    rights: &Rights,
) -> Result<()> {
    let header = |kind, copied: u32, size| {
        let mut header = header(kind, rights.mode.unwrap_or(copied), size);
        header.set_uid(rights.uid);
        header.set_gid(rights.gid);
        header
    };
    let added = match source {
        Source::File(from) => {
            let mut file =
                File::open(from).with_context(|| format!("opening {}", from.display()))?;
            let meta = file.metadata()?;
            let is_program = meta.permissions().mode() & 0o100 != 0;
            let mode = if is_program { 0o755 } else { 0o644 };
            let mut header = header(EntryType::Regular, mode, meta.len());
            tar.append_data(&mut header, name, (&mut file).take(meta.len()))
        }
        Source::Script(text) => {
            let mut header = header(EntryType::Regular, 0o755, text.len() as u64);
            tar.append_data(&mut header, name, text.as_bytes())
        }
        Source::Text(text) => {
            let mut header = header(EntryType::Regular, 0o644, text.len() as u64);
            tar.append_data(&mut header, name, text.as_bytes())
        }
        Source::Link(target) => {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            header.set_mode(0o777);
            tar.append_link(&mut header, name, target)
        }
        Source::Dir => {
            let mut header = header(EntryType::Directory, 0o755, 0);
            tar.append_data(&mut header, format!("{name}/"), io::empty())
        }
    };
    added.with_context(|| format!("adding {name} to an image"))
}

/// Writes the archive that `ctr images import` reads. A layer that several of the images have is in it once.
pub(crate) fn write(images: Vec<Image>, archive: &Path, scratch: &Path) -> Result<()> {
    let file = File::create(archive).with_context(|| format!("creating {}", archive.display()))?;
    let mut tar = Builder::new(BufWriter::new(file));
    let mut written: Vec<(Rc<Layer>, String)> = Vec::new();
    let mut manifest = Vec::new();
    for mut image in images {
        let own = Rc::new(std::mem::take(&mut image.files));
        let layers = image.below.iter().chain([&own]);
        let mut digests = Vec::new();
        for layer in layers.filter(|layer| !layer.entries.is_empty()) {
            let known = written.iter().find(|(known, _)| Rc::ptr_eq(known, layer));
            if let Some((_, digest)) = known {
                digests.push(digest.clone());
                continue;
            }
            let (digest, packed) = layer.write(scratch)?;
            let size = fs::metadata(&packed)?.len();
            append(&mut tar, &layer_name(&digest), size, File::open(&packed)?)?;
            fs::remove_file(&packed)?;
            written.push((Rc::clone(layer), digest.clone()));
            digests.push(digest);
        }
        let config = image.config(&digests)?;
        let name = format!("{}.json", hex(&Sha256::digest(&config)));
        append(&mut tar, &name, config.len() as u64, config.as_slice())?;
        let layers: Vec<_> = digests.iter().map(|digest| layer_name(digest)).collect();
        manifest.push(json!({"Config": name, "RepoTags": image.names, "Layers": layers}));
    }
    let manifest = serde_json::to_vec(&manifest)?;
    let size = manifest.len() as u64;
    append(&mut tar, "manifest.json", size, manifest.as_slice())?;
    tar.into_inner()?.flush()?;
    Ok(())
}

impl Image {
    fn config(&self, layers: &[String]) -> Result<Vec<u8>> {
        let ids: Vec<_> = layers
            .iter()
            .map(|digest| format!("sha256:{digest}"))
            .collect();
        let history: Vec<_> = layers
            .iter()
            .map(|_| json!({"created_by": "kubectl-milvus stage"}))
            .collect();
        Ok(serde_json::to_vec(&json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": {
                "Entrypoint": self.entrypoint, "Cmd": self.cmd, "Env": self.env,
                "WorkingDir": self.workdir, "User": self.user,
            },
            "rootfs": {"type": "layers", "diff_ids": ids},
            "history": history,
        }))?)
    }
}

fn layer_name(digest: &str) -> String {
    format!("{digest}/layer.tar")
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

fn append(tar: &mut Builder<impl Write>, name: &str, size: u64, data: impl io::Read) -> Result<()> {
    let mut header = header(EntryType::Regular, 0o644, size);
    tar.append_data(&mut header, name, data)
        .with_context(|| format!("adding {name} to an image's archive"))
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
    use super::*;

    /// Two images of one shared layer.
    fn archive(dir: &Path, name: &str, turned: bool) -> Vec<u8> {
        let from = dir.join("program");
        fs::write(&from, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o700)).unwrap();
        let mut shared = Layer::default();
        let theirs = Rights {
            uid: 999,
            gid: 998,
            mode: Some(0o774),
        };
        if turned {
            shared
                .link("bin/link", "/bin/program")
                .file("bin/program", &from);
            shared.with(theirs).dir("data").text("data/text", "text");
        } else {
            shared
                .file("/bin/program", &from)
                .link("bin/link", "/bin/program");
            shared.with(theirs).text("data/text", "text").dir("data");
        }
        let shared = Rc::new(shared);
        let image = |names, user| Image {
            names,
            user,
            below: vec![Rc::clone(&shared)],
            ..Image::default()
        };
        let mut second = image(&["docker.io/stage/test:2"], "7");
        second.files.script("run.sh", "#!/bin/sh\n");
        let first = image(&["docker.io/stage/test:1"], "");
        let path = dir.join(name);
        write(vec![first, second], &path, dir).unwrap();
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

    fn unpacked(dir: &Path, layer: &[u8]) -> Vec<u8> {
        let packed = dir.join("packed.gz");
        fs::write(&packed, layer).unwrap();
        let output = Command::new("gzip")
            .arg("-dc")
            .arg(&packed)
            .output()
            .unwrap();
        assert!(output.status.success());
        output.stdout
    }

    #[test]
    fn the_same_contents_are_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(archive(dir.path(), "a", false) == archive(dir.path(), "b", true));
    }

    #[test]
    fn the_manifest_names_what_is_there_by_its_digest_and_a_shared_layer_is_there_once() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(&archive(dir.path(), "a", false));
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"][0], "docker.io/stage/test:1");
        assert_eq!(manifest[1]["RepoTags"][0], "docker.io/stage/test:2");
        assert_eq!(manifest[0]["Layers"].as_array().unwrap().len(), 1);
        assert_eq!(manifest[1]["Layers"].as_array().unwrap().len(), 2);
        assert_eq!(manifest[0]["Layers"][0], manifest[1]["Layers"][0]);
        // Two layers, two configurations and the manifest.
        assert_eq!(files.len(), 5);
        let config = &files[manifest[1]["Config"].as_str().unwrap()];
        let config: serde_json::Value = serde_json::from_slice(config).unwrap();
        assert_eq!(config["config"]["User"], "7");
        let layer = &files[manifest[1]["Layers"][0].as_str().unwrap()];
        let layer = unpacked(dir.path(), layer);
        assert_eq!(
            config["rootfs"]["diff_ids"][0],
            format!("sha256:{}", hex(&Sha256::digest(&layer)))
        );
        let mut layer = tar::Archive::new(layer.as_slice());
        let rights: BTreeMap<_, _> = layer
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                let path = entry.path().unwrap().display().to_string();
                let owner = (header.uid().unwrap(), header.gid().unwrap());
                (path, (header.mode().unwrap(), owner))
            })
            .collect();
        assert_eq!(rights["bin/program"], (0o755, (0, 0)));
        assert_eq!(rights["data/"], (0o774, (999, 998)));
        assert_eq!(rights["data/text"], (0o774, (999, 998)));
    }
}
