//! Names by which an installation finds its own: the same in every run.

use sha2::{Digest, Sha256};

use super::cloud::{Account, Cloud};
use crate::installation::BucketName;

/// The longest name of a bucket (source: S3, bucket naming rules).
const LONGEST_BUCKET: usize = 63;

/// A name of at most `longest` characters: a longer one is cut, and told from others by a hash of the whole.
pub(super) fn fitted(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let digest = Sha256::digest(name);
    let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let hash = format!("{hash:08x}");
    let kept: String = name.chars().take(longest - hash.len() - 1).collect();
    format!("{}-{hash}", kept.trim_end_matches(['-', '.']))
}

impl Cloud {
    /// The name that most of what is made here has: that of the release's objects in Kubernetes.
    pub fn full_name(&self) -> String {
        self.mark.installation().full_name()
    }

    /// The bucket's name where the file gives none: unique over all accounts.
    pub fn default_bucket(&self) -> Result<BucketName, crate::installation::InvalidName> {
        let Account { id, region, .. } = &self.account;
        let name = format!("{}-{id}-{region}", self.full_name());
        fitted(&name, LONGEST_BUCKET).parse()
    }
}
