//! Whole renderings, so that no change goes unseen.

use crate::fixtures::{cluster, cluster_with_keys, rendered, standalone};

#[test]
fn standalone_2_3_5() {
    insta::assert_snapshot!(rendered(&standalone("2.3.5")).to_yaml().unwrap());
}

#[test]
fn standalone_2_6_15() {
    insta::assert_snapshot!(rendered(&standalone("2.6.15")).to_yaml().unwrap());
}

#[test]
fn cluster_2_3_5() {
    insta::assert_snapshot!(rendered(&cluster_with_keys("2.3.5")).to_yaml().unwrap());
}

#[test]
fn cluster_2_4_5() {
    insta::assert_snapshot!(rendered(&cluster("2.4.5")).to_yaml().unwrap());
}

#[test]
fn cluster_2_6_15() {
    insta::assert_snapshot!(rendered(&cluster("2.6.15")).to_yaml().unwrap());
}
