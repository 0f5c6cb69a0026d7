//! What a docker-archive holds: how the image starts, and who owns its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use serde::Deserialize;
use tar::{Archive, EntryType};

/// The most bytes of a description that are read.
const LARGEST_DESCRIPTION: u64 = 16 * 1024 * 1024;
/// How a layer says that a file of an earlier layer is gone.
const WHITEOUT: &str = ".wh.";
/// The same of everything in a folder.
const OPAQUE: &str = ".wh..wh..opq";

/// An image, as far as it matters who may start it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// As its configuration says: `milvus:milvus`, `1001`; nothing for root.
    pub(super) user: String,
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    /// Files and folders by their paths from `/`.
    pub(super) files: BTreeMap<String, Entry>,
}

/// Owner and mode of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) uid: u64,
    pub(super) gid: u64,
    /// Permission bits.
    pub(super) mode: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    config: String,
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Description {
    config: Start,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    #[serde(default)]
    user: String,
    #[serde(default)]
    entrypoint: Option<Vec<String>>,
    #[serde(default)]
    cmd: Option<Vec<String>>,
}

/// What one layer changes.
#[derive(Default)]
struct Layer {
    files: BTreeMap<String, Entry>,
    /// Paths that are gone, with everything below them.
    gone: BTreeSet<String>,
}

impl Inside {
    /// Reads an archive that `docker save`, `podman save`, `skopeo copy` or `crane pull` wrote.
    pub(super) fn read(archive: &Path) -> Result<Self> {
        let mut manifests: Vec<Manifest> = description(archive, "manifest.json")?;
        let (Some(manifest), true) = (manifests.pop(), manifests.is_empty()) else {
            bail!("the archive does not hold one image alone");
        };
        let Description { config } = description(archive, &manifest.config)?;
        let mut layers = layers(archive, &manifest.layers)?;
        let mut files = BTreeMap::new();
        for name in &manifest.layers {
            let layer = layers.remove(name);
            layer
                .with_context(|| format!("the archive lacks the layer {name}"))?
                .lay_over(&mut files);
        }
        Ok(Self {
            user: config.user,
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            files,
        })
    }
}

impl Layer {
    fn read(input: impl Read) -> Result<Self> {
        let mut layer = Self::default();
        for entry in Archive::new(input).entries()? {
            let entry = entry?;
            let path = entry.path()?.to_string_lossy().into_owned();
            let path = path.trim_start_matches("./").trim_end_matches('/');
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            if name == OPAQUE {
                layer.gone.insert(format!("/{folder}"));
            } else if let Some(name) = name.strip_prefix(WHITEOUT) {
                let path = [folder, name].join("/");
                layer
                    .gone
                    .insert(format!("/{}", path.trim_start_matches('/')));
            } else if matches!(
                entry.header().entry_type(),
                EntryType::Regular | EntryType::Directory | EntryType::Link
            ) {
                let header = entry.header();
                let entry = Entry {
                    uid: header.uid()?,
                    gid: header.gid()?,
                    mode: header.mode()? & 0o7777,
                };
                layer.files.insert(format!("/{path}"), entry);
            }
        }
        Ok(layer)
    }

    fn lay_over(self, files: &mut BTreeMap<String, Entry>) {
        let is_below = |path: &str, gone: &str| {
            let rest = path.strip_prefix(gone.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        files.retain(|path, _| !self.gone.iter().any(|gone| is_below(path, gone)));
        files.extend(self.files);
    }
}

fn open(archive: &Path) -> Result<Archive<BufReader<File>>> {
    let file = File::open(archive).with_context(|| format!("opening {}", archive.display()))?;
    Ok(Archive::new(BufReader::new(file)))
}

fn description<T: serde::de::DeserializeOwned>(archive: &Path, name: &str) -> Result<T> {
    for entry in open(archive)?.entries()? {
        let entry = entry?;
        if entry.path()?.to_string_lossy() == name {
            let input = entry.take(LARGEST_DESCRIPTION);
            return serde_json::from_reader(input).with_context(|| format!("reading {name}"));
        }
    }
    bail!("the archive has no {name}")
}

/// The layers by their names; a layer may be there once for several places.
fn layers(archive: &Path, names: &[String]) -> Result<BTreeMap<String, Layer>> {
    let mut found = BTreeMap::new();
    for entry in open(archive)?.entries()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if names.contains(&name) && entry.header().entry_type() == EntryType::Regular {
            let layer = unpacked(entry).and_then(Layer::read);
            found.insert(
                name.clone(),
                layer.with_context(|| format!("reading {name}"))?,
            );
        }
    }
    Ok(found)
}

/// A layer's bytes, also of one that is packed.
fn unpacked<'a>(mut input: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let mut start = [0; 2];
    input.read_exact(&mut start)?;
    let whole: Chain<Cursor<[u8; 2]>, _> = Cursor::new(start).chain(input);
    Ok(if start == GZIP {
        Box::new(GzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;
    use tar::{Builder, Header};

    use super::*;

    /// A file of a layer: path, owner, group, mode; a path that ends with `/` is a folder.
    pub(crate) type Made = (&'static str, u64, u64, u32);

    fn tar(entries: &[(&str, Vec<u8>, Option<Made>)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, bytes, made) in entries {
            let mut header = Header::new_gnu();
            let (_, uid, gid, mode) = made.unwrap_or(("", 0, 0, 0o644));
            header.set_uid(uid);
            header.set_gid(gid);
            header.set_mode(mode);
            header.set_size(bytes.len() as u64);
            header.set_entry_type(if path.ends_with('/') {
                EntryType::Directory
            } else {
                EntryType::Regular
            });
            builder
                .append_data(&mut header, path, bytes.as_slice())
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn layer(files: &[Made]) -> Vec<u8> {
        let entries: Vec<_> = files
            .iter()
            .map(|made| (made.0, Vec::new(), Some(*made)))
            .collect();
        tar(&entries)
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// An image of those layers, every second one packed.
    pub(crate) fn image(config: &serde_json::Value, of_layers: &[&[Made]]) -> Inside {
        let names: Vec<String> = (0..of_layers.len()).map(|n| format!("layer-{n}")).collect();
        let mut entries: Vec<(&str, Vec<u8>, Option<Made>)> = Vec::new();
        for (index, files) in of_layers.iter().enumerate() {
            let bytes = layer(files);
            let bytes = if index % 2 == 1 {
                packed(&bytes)
            } else {
                bytes
            };
            entries.push((&names[index], bytes, None));
        }
        // Later in the archive comes first in no way.
        entries.reverse();
        let config = json!({"architecture": "amd64", "config": config});
        entries.push(("config.json", config.to_string().into_bytes(), None));
        let manifest = json!([{"Config": "config.json", "RepoTags": ["a:b"], "Layers": names}]);
        entries.push(("manifest.json", manifest.to_string().into_bytes(), None));
        let file = std::env::temp_dir().join(format!(
            "xtask-image-{}-{:?}.tar",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&file, tar(&entries)).unwrap();
        let inside = Inside::read(&file);
        std::fs::remove_file(&file).unwrap();
        inside.unwrap()
    }

    #[test]
    fn later_layers_win_and_take_away() {
        let config = json!({"User": "milvus:milvus", "Entrypoint": ["/tini", "--"], "Cmd": null});
        let inside = image(
            &config,
            &[
                &[
                    ("milvus/", 0, 0, 0o755),
                    ("milvus/bin/milvus", 0, 0, 0o755),
                    ("old/file", 0, 0, 0o644),
                    ("gone", 0, 0, 0o644),
                    ("gone-not", 0, 0, 0o644),
                ],
                &[
                    ("milvus/bin/milvus", 999, 999, 0o774),
                    ("old/.wh..wh..opq", 0, 0, 0o644),
                    ("old/new", 1, 2, 0o600),
                    (".wh.gone", 0, 0, 0o644),
                ],
            ],
        );
        assert_eq!(inside.user, "milvus:milvus");
        assert_eq!(inside.entrypoint, ["/tini", "--"]);
        assert_eq!(inside.command, Vec::<String>::new());
        let names: Vec<_> = inside.files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["/gone-not", "/milvus", "/milvus/bin/milvus", "/old/new"]
        );
        let milvus = inside.files["/milvus/bin/milvus"];
        assert_eq!((milvus.uid, milvus.gid, milvus.mode), (999, 999, 0o774));
    }
}
