//! The files that make up kubectl's configuration, and which of them is written (source: client-go, `ClientConfigLoadingRules`
//! and `ModifyConfig`).

use std::{
    ffi::OsStr,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use kube::config::Kubeconfig;

use crate::{cluster::ClusterFlags, error::Error};

/// Where kubectl's configuration is: one file or several, of which the first one that says something wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KubeconfigFiles {
    paths: Vec<PathBuf>,
}

/// The configuration, file by file.
pub(crate) struct Kubeconfigs {
    /// Never empty.
    files: Vec<File>,
    /// Which of them takes what is new.
    default: usize,
}

struct File {
    path: PathBuf,
    exists: bool,
    config: Kubeconfig,
    /// As it was read.
    before: serde_json::Value,
}

impl KubeconfigFiles {
    /// The file of `--kubeconfig`, else those of `KUBECONFIG`, else `~/.kube/config`.
    pub(crate) fn of(flags: &ClusterFlags) -> Self {
        let home = std::env::home_dir();
        let variable = std::env::var_os("KUBECONFIG");
        Self::found(
            flags.kubeconfig.as_deref(),
            variable.as_deref(),
            home.as_deref(),
        )
    }

    fn found(flag: Option<&Path>, variable: Option<&OsStr>, home: Option<&Path>) -> Self {
        if let Some(path) = flag {
            return Self {
                paths: vec![path.to_owned()],
            };
        }
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in std::env::split_paths(variable.unwrap_or_default()) {
            if !path.as_os_str().is_empty() && !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            paths.extend(home.map(|home| home.join(".kube").join("config")));
        }
        Self { paths }
    }

    /// Those files.
    #[cfg(test)]
    pub(crate) fn of_paths(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// Reads every file; none where no place is known for one.
    pub(crate) fn read(&self) -> Result<Option<Kubeconfigs>, Error> {
        let files: Result<Vec<File>, Error> =
            self.paths.iter().map(|path| File::read(path)).collect();
        let files = files?;
        let Some(last) = files.len().checked_sub(1) else {
            return Ok(None);
        };
        let default = files.iter().position(|file| file.exists).unwrap_or(last);
        Ok(Some(Kubeconfigs { files, default }))
    }
}

impl Kubeconfigs {
    /// Each file's content, in their order.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &Kubeconfig> {
        self.files.iter().map(|file| &file.config)
    }

    /// The same, to be changed.
    pub(crate) fn contents_mut(&mut self) -> impl Iterator<Item = &mut Kubeconfig> {
        self.files.iter_mut().map(|file| &mut file.config)
    }

    /// The first file of which that holds, else the one that takes what is new.
    pub(crate) fn first_or_default(
        &mut self,
        holds: impl Fn(&Kubeconfig) -> bool,
    ) -> &mut Kubeconfig {
        let first = self.files.iter().position(|file| holds(&file.config));
        &mut self.files[first.unwrap_or(self.default)].config
    }

    /// The context that kubectl uses.
    pub(crate) fn current_context(&self) -> Option<&str> {
        let mut named = self
            .contents()
            .filter_map(|it| it.current_context.as_deref());
        named.find(|name| !name.is_empty())
    }

    /// Makes that one the context that kubectl uses.
    pub(crate) fn set_current_context(&mut self, name: &str) {
        if self.current_context() != Some(name) {
            self.files[self.default].config.current_context = Some(name.to_owned());
        }
    }

    /// Writes the files whose content has changed, and names them.
    pub(crate) fn write(self) -> Result<Vec<PathBuf>, Error> {
        let mut written = Vec::new();
        for mut file in self.files {
            if file.before == value_of(&file.config) {
                continue;
            }
            file.config.kind.get_or_insert_with(|| "Config".to_owned());
            file.config
                .api_version
                .get_or_insert_with(|| "v1".to_owned());
            let failed = |source: io::Error| Error::Write {
                path: file.path.clone(),
                source,
            };
            let text = serde_saphyr::to_string(&file.config);
            let text = text.map_err(|error| failed(io::Error::other(error)))?;
            replace(&file.path, &text).map_err(failed)?;
            written.push(file.path);
        }
        Ok(written)
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, Error> {
        // What a link leads to is replaced, not the link.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let failed = |source: io::Error| Error::Read {
            path: path.clone(),
            source,
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let config = match text.as_deref().map(str::trim) {
            None | Some("") => Kubeconfig::default(),
            Some(text) => {
                Kubeconfig::from_yaml(text).map_err(|error| failed(io::Error::other(error)))?
            }
        };
        Ok(Self {
            exists: text.is_some(),
            before: value_of(&config),
            config,
            path,
        })
    }
}

/// For comparison: kube's types of a kubeconfig cannot be compared themselves.
fn value_of(config: &Kubeconfig) -> serde_json::Value {
    // Maps with text keys: nothing that JSON could not hold.
    serde_json::to_value(config).unwrap_or_default()
}

/// Another reader sees the old file or the new one, and nobody but the user reads either.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    std::fs::create_dir_all(&folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it is of no use to anybody; the first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_fault_4_the_flag_decides_then_the_variable_then_the_home_folder() {
        let flag = Some(Path::new("flag"));
        let home = Some(Path::new("/home/me"));
        let paths = |flag, variable: Option<&str>, home| {
            KubeconfigFiles::found(flag, variable.map(OsStr::new), home).paths
        };
        let named = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(paths(flag, Some("a:b"), home), named(&["flag"]));
        assert_eq!(paths(None, Some("a::b:a"), home), named(&["a", "b"]));
        for variable in [None, Some(""), Some(":")] {
            assert_eq!(
                paths(None, variable, home),
                named(&["/home/me/.kube/config"])
            );
        }
        assert_eq!(paths(None, None, None), named(&[]));
    }

    /// As client-go's `GetDefaultFilename`.
    #[test]
    fn stage_fault_4_what_is_new_goes_into_the_first_file_that_exists_else_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let files = || KubeconfigFiles {
            paths: ["one", "two", "three"].map(path).to_vec(),
        };
        let written = || {
            let mut configs = files().read().unwrap().unwrap();
            configs.set_current_context("here");
            let written = configs.write().unwrap();
            let names = written
                .iter()
                .map(|path| path.file_name().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(written(), ["three"]);
        std::fs::remove_file(path("three")).unwrap();
        std::fs::write(path("two"), "").unwrap();
        assert_eq!(written(), ["two"]);
        assert_eq!(written(), Vec::<&OsStr>::new(), "it says so already");
        assert!(!path("one").exists() && !path("three").exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_new_kubeconfig() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("config");
        let files = KubeconfigFiles {
            paths: vec![path.clone()],
        };
        let mut configs = files.read().unwrap().unwrap();
        configs.set_current_context("here");
        configs.write().unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
