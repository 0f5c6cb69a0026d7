//! The partitions of AWS: which one a region is in, and how its host names end.

use crate::installation::Region;

/// What a region's name begins with, and the end of host names there (source: botocore, `partitions.json`). Every other
/// region is in the partition `aws`, or shares its host names.
const DNS_SUFFIXES: &[(&str, &str)] = &[
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
];

/// The end of a region's host names: `amazonaws.com`.
pub(super) fn dns_suffix(region: &Region) -> &'static str {
    let mut known = DNS_SUFFIXES.iter();
    let known = known.find(|(prefix, _)| region.as_str().starts_with(prefix));
    known.map_or("amazonaws.com", |(_, suffix)| suffix)
}
