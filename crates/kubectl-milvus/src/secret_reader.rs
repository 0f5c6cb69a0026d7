//! Passwords from files and from the environment.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use milvus_aws_core::installation::SecretReader;
use secrecy::SecretString;

/// Reads files relative to the folder of the installation's file.
pub(crate) struct FolderReader {
    /// The folder.
    pub folder: PathBuf,
}

impl SecretReader for FolderReader {
    fn file(&self, path: &Path) -> io::Result<SecretString> {
        std::fs::read_to_string(self.folder.join(path)).map(SecretString::from)
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        env::var(name).ok().map(SecretString::from)
    }
}
