//! Regions of AWS, as the names of hosts tell them.

/// `s3.us-west-2.amazonaws.com` is in `us-west-2`, as are `s3-fips.us-west-2…` and `ID.s3.us-west-2.vpce…`; the host
/// without a region leads to `us-east-1`, and that of transfer acceleration to any.
pub(super) fn region_of(host: &str) -> Option<&str> {
    let host = host.split(':').next()?;
    let name = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    if name == "s3" {
        return Some("us-east-1");
    }
    let labels: Vec<&str> = name.split('.').collect();
    let service = labels
        .iter()
        .rposition(|label| *label == "s3" || label.starts_with("s3-"))?;
    // In its old form the region is a part of that label.
    let old = labels[service].strip_prefix("s3-");
    let after = labels[service + 1..].iter().copied();
    old.into_iter().chain(after).find(|label| is_region(label))
}

/// `us-west-2`, `us-gov-west-1`: letters of a country, words, and a number.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.as_slice() {
        [country, words @ .., number] => {
            country.len() == 2
                && letters(country)
                && !words.is_empty()
                && words.iter().all(letters)
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn hosts_of_s3_name_their_region() {
        assert_eq!(region_of("s3.us-west-2.amazonaws.com"), Some("us-west-2"));
        assert_eq!(
            region_of("s3-eu-west-1.amazonaws.com:443"),
            Some("eu-west-1")
        );
        assert_eq!(
            region_of("s3.dualstack.eu-central-1.amazonaws.com"),
            Some("eu-central-1")
        );
        assert_eq!(
            region_of("s3.cn-north-1.amazonaws.com.cn"),
            Some("cn-north-1")
        );
        for host in [
            "s3-fips.us-gov-west-1.amazonaws.com",
            "s3-fips.dualstack.us-gov-west-1.amazonaws.com",
        ] {
            assert_eq!(region_of(host), Some("us-gov-west-1"), "{host}");
        }
        assert_eq!(
            region_of("bucket.vpce-0abc.s3.us-west-2.vpce.amazonaws.com"),
            Some("us-west-2")
        );
        for host in [
            "s3-accelerate.amazonaws.com",
            "s3-accelerate.dualstack.amazonaws.com",
            "s3-external-1.amazonaws.com",
        ] {
            assert_eq!(region_of(host), None, "{host}");
        }
        assert_eq!(region_of("s3.amazonaws.com"), Some("us-east-1"));
        assert_eq!(region_of("storage.googleapis.com"), None);
    }
}
