//! Names of what is global in an account.

use milvus_aws_core::aws::role_name;

#[test]
fn a_role_is_called_after_installation_region_and_purpose() {
    assert_eq!(
        role_name("demo", "us-west-2", "ebs-csi"),
        "demo-us-west-2-ebs-csi"
    );
}

#[test]
fn long_names_fit_and_stay_apart() {
    // 40 characters is the longest name of an installation; regions grow.
    let long = "a".repeat(39);
    let region = "ap-southeast-12-extended";
    let one = role_name(&format!("{long}x"), region, "ebs-csi");
    let other = role_name(&format!("{long}y"), region, "ebs-csi");
    assert!(one.len() <= 64, "{one}");
    assert!(one.ends_with("-ebs-csi"), "{one}");
    assert_ne!(one, other);
    assert_ne!(one, role_name(&format!("{long}x"), region, "cluster"));
    assert_eq!(one, role_name(&format!("{long}x"), region, "ebs-csi"));
}

#[test]
fn what_just_fits_is_not_cut() {
    let installation = "a".repeat(40);
    let name = role_name(&installation, "ap-northeast-1", "ebs-csi");
    assert_eq!(name.len(), 63);
    assert_eq!(name, format!("{installation}-ap-northeast-1-ebs-csi"));
}
