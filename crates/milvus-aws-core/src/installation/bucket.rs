//! Names that S3 accepts, and stores that imitate it.

use super::text_type::{length, only, text_type};

text_type!(
    /// Name of an S3 bucket.
    BucketName, "bucket name", bucket_name,
    {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"}
);
text_type!(
    /// An AWS region.
    Region, "region", region,
    {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 32}
);
text_type!(
    /// Name of a bucket or container of any store. Those of AWS follow narrower rules: see [`BucketName`].
    StoreBucket, "bucket name", store_bucket,
    {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9.:_-]{1,61}[A-Za-z0-9]$"}
);
text_type!(
    /// Region of any store, as that store calls it: `us-west-2`, `RegionOne`.
    StoreRegion, "region", store_region,
    {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 64}
);
text_type!(
    /// Name of a storage account of Azure.
    StorageAccount, "storage account", storage_account,
    {"type": "string", "pattern": "^[a-z0-9]{3,24}$"}
);
text_type!(
    /// Prefix of every object's key. S3 takes every character; control characters only make trouble. Slashes at its ends
    /// mean nothing, and are taken off.
    RootPath, "key prefix", root_path,
    {"type": "string", "pattern": "^/*[^/\\p{Cc}]+(/[^/\\p{Cc}]+)*/*$", "maxLength": 200},
    without_slashes
);

/// S3's rules for general purpose buckets.
fn bucket_name(text: &str) -> Option<String> {
    let rule = |rule: &str| Some(rule.to_owned());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if let Some(broken) = length(text, 63).or_else(|| only(text, allowed, "a-z, 0-9, `-` and `.`"))
    {
        return Some(broken);
    }
    if text.len() < 3 {
        return rule("at least 3 characters are needed");
    }
    if text.starts_with(['-', '.']) || text.ends_with(['-', '.']) {
        return rule("it must start and end with a letter or a digit");
    }
    if text.contains("..") {
        return rule("two dots must not be side by side");
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return rule("it must not look like an address");
    }
    let reserved = text.starts_with("xn--") || text.starts_with("sthree-");
    if reserved || text.ends_with("-s3alias") || text.ends_with("--ol-s3") {
        return rule("S3 keeps names like that for itself");
    }
    None
}

fn region(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    length(text, 32)
        .or_else(|| only(text, allowed, "a-z, 0-9 and `-`, as in `us-west-2`"))
        .or_else(|| {
            let empty_part = text.split('-').any(str::is_empty);
            empty_part.then(|| "write it like `us-west-2`".to_owned())
        })
}

/// The rule of the client library that Milvus uses (source: minio-go, `CheckValidBucketName`).
fn store_bucket(text: &str) -> Option<String> {
    let rule = |rule: &str| Some(rule.to_owned());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
    let listed = "letters, digits, `.`, `:`, `_` and `-`";
    if let Some(broken) = length(text, 63).or_else(|| only(text, allowed, listed)) {
        return Some(broken);
    }
    if text.len() < 3 {
        return rule("at least 3 characters are needed");
    }
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !ends_well(text.chars().next()) || !ends_well(text.chars().next_back()) {
        return rule("it must start and end with a letter or a digit");
    }
    if ["..", ".-", "-."].iter().any(|pair| text.contains(pair)) {
        return rule("a dot must not be beside another dot or a `-`");
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return rule("it must not look like an address");
    }
    None
}

fn store_region(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    length(text, 64)
        .or_else(|| only(text, allowed, "letters, digits, `.`, `_` and `-`"))
        .or_else(|| {
            let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
            (!starts_well).then(|| "it must start with a letter or a digit".to_owned())
        })
}

fn storage_account(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    length(text, 24)
        .or_else(|| only(text, allowed, "a-z and 0-9"))
        .or_else(|| (text.len() < 3).then(|| "at least 3 characters are needed".to_owned()))
}

fn without_slashes(text: &str) -> &str {
    text.trim_matches('/')
}

fn root_path(text: &str) -> Option<String> {
    length(text, 200)
        .or_else(|| only(text, |c| !c.is_control(), "no control character"))
        .or_else(|| {
            let stray = text.split('/').any(|part| matches!(part, "" | "." | ".."));
            stray.then(|| "no part between slashes may be empty, `.` or `..`".to_owned())
        })
}

impl From<BucketName> for StoreBucket {
    fn from(name: BucketName) -> Self {
        Self(name.0)
    }
}

impl From<Region> for StoreRegion {
    fn from(region: Region) -> Self {
        Self(region.0)
    }
}

impl Default for RootPath {
    fn default() -> Self {
        Self("files".to_owned())
    }
}
