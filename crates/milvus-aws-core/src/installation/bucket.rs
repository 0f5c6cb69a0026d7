//! Names that S3 accepts, and those that other object stores accept.

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
    /// Name of a bucket or container of any object store. Amazon S3 has the stricter rules of [`BucketName`].
    StoreBucket, "bucket name", store_bucket,
    {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{1,61}[A-Za-z0-9]$"}
);
text_type!(
    /// Region of any object store, as the store spells it. AWS has the stricter rules of [`Region`].
    StoreRegion, "region", store_region,
    {"type": "string", "pattern": "^[!-.0-~]{1,64}$"}
);
text_type!(
    /// Name of a storage account of Azure.
    StorageAccount, "storage account", storage_account,
    {"type": "string", "pattern": "^[a-z0-9]{3,24}$"}
);
text_type!(
    /// Prefix of every object's key; `/` alone is the bucket's top. The server ignores a slash at either end.
    RootPath, "key prefix", root_path,
    {"type": "string", "pattern": "^(/|/?[^/\\p{Cc}]+(/[^/\\p{Cc}]+)*/?)$", "maxLength": 200}
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

/// What Milvus's client of S3 refuses by itself (source: minio-go, `s3utils.CheckValidBucketName`).
fn store_bucket(text: &str) -> Option<String> {
    let rule = |rule: &str| Some(rule.to_owned());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if let Some(broken) =
        length(text, 63).or_else(|| only(text, allowed, "letters, digits, `-`, `.`, `_` and `:`"))
    {
        return Some(broken);
    }
    if text.len() < 3 {
        return rule("at least 3 characters are needed");
    }
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !ends(text.chars().next()) || !ends(text.chars().next_back()) {
        return rule("it must start and end with a letter or a digit");
    }
    if ["..", ".-", "-."].iter().any(|pair| text.contains(pair)) {
        return rule("two dots, or a dot and a dash, must not be side by side");
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return rule("it must not look like an address");
    }
    None
}

/// The region is one part of a path in signatures of version 4.
fn store_region(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_graphic() && c != '/';
    length(text, 64).or_else(|| only(text, allowed, "visible ASCII characters other than `/`"))
}

fn storage_account(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    length(text, 24)
        .or_else(|| only(text, allowed, "a-z and 0-9"))
        .or_else(|| (text.len() < 3).then(|| "at least 3 characters are needed".to_owned()))
}

fn root_path(text: &str) -> Option<String> {
    length(text, 200)
        .or_else(|| only(text, |c| !c.is_control(), "no control character"))
        .or_else(|| {
            let inner = text.strip_prefix('/').unwrap_or(text);
            let inner = inner.strip_suffix('/').unwrap_or(inner);
            let stray = |part: &str| matches!(part, "" | "." | "..");
            let stray = text != "/" && inner.split('/').any(stray);
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
