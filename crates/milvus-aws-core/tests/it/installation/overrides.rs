//! A security context's field that is `null` is another thing than one that is not there.

use milvus_aws_core::{
    Installation,
    installation::{ImageGroups, Platform, PodSettings},
};
use serde_json::json;

fn read(rest: &str) -> Result<Installation, String> {
    let text = format!("apiVersion: kubectl-milvus/v1\n{rest}");
    Installation::from_yaml("milvus.yaml", text).map_err(|invalid| invalid.to_string())
}

fn taken_out(settings: &PodSettings) -> Vec<&'static str> {
    let context = settings.security_context.as_deref();
    let fields = context.map(|context| context.unset.iter().copied());
    fields.into_iter().flatten().collect()
}

#[test]
fn null_and_absent_are_told_apart_however_null_is_written() {
    for null in ["null", "~", "", "Null"] {
        let text =
            format!("scheduling:\n  securityContext:\n    runAsUser: {null}\n    fsGroup: 7\n");
        let installation = read(&text).unwrap();
        assert_eq!(taken_out(&installation.scheduling), ["runAsUser"], "{null}");
        let context = installation.scheduling.security_context.unwrap();
        assert_eq!(context.set.fs_group, Some(7));
        assert_eq!(context.set.run_as_user, None);
    }
    let absent = read("scheduling: {securityContext: {fsGroup: 7}}\n").unwrap();
    assert_eq!(taken_out(&absent.scheduling), Vec::<&str>::new());
    // A section without anything behind it says nothing, as everywhere in the file.
    let bare = read("scheduling:\n  securityContext:\n").unwrap();
    assert_eq!(bare.scheduling, PodSettings::default());
}

#[test]
fn null_is_written_and_read_back() {
    let first =
        read("scheduling: {containerSecurityContext: {capabilities: null, runAsUser: 5}}\n");
    let first = first.unwrap();
    let written = first.to_yaml();
    assert!(written.contains("capabilities: null"), "{written}");
    assert_eq!(Installation::from_yaml("again", written).unwrap(), first);
    let context = &first.to_json()["scheduling"]["containerSecurityContext"];
    assert_eq!(*context, json!({"runAsUser": 5, "capabilities": null}));
}

#[test]
fn what_is_said_of_a_role_takes_the_place_of_what_is_said_of_all() {
    let all = read("scheduling: {securityContext: {runAsUser: null}}\n").unwrap();
    let role = read("scheduling: {securityContext: {fsGroup: null}}\n").unwrap();
    let both = all.scheduling.with_role(&role.scheduling);
    assert_eq!(taken_out(&both), ["fsGroup"]);
    let shared = all.scheduling.with_role(&PodSettings::default());
    assert_eq!(taken_out(&shared), ["runAsUser"]);
}

#[test]
fn unknown_fields_and_wrong_types_are_refused_at_their_place() {
    let unknown = read("scheduling:\n  securityContext:\n    runAsUsr: null\n").unwrap_err();
    assert!(unknown.contains("milvus.yaml:4:5"), "{unknown}");
    assert!(
        unknown.contains("scheduling.securityContext.runAsUsr: is no known key, write `runAsUser`"),
        "{unknown}"
    );
    let both = "scheduling:\n  securityContext: {runAsUser: root, fsGroup: null, sysctl: []}\n";
    let both = read(both).unwrap_err();
    assert!(
        both.contains("securityContext.runAsUser: expected"),
        "{both}"
    );
    assert!(both.contains("write `sysctls`"), "{both}");
    let text = read("scheduling: {securityContext: none}\n").unwrap_err();
    assert!(text.contains("expected a section"), "{text}");
}

#[test]
fn null_fits_the_schema() {
    let schema = jsonschema::validator_for(&Installation::json_schema()).unwrap();
    let file = json!({
        "apiVersion": "kubectl-milvus/v1", "platform": "openshift", "image": {"groups": "thisVersion"},
        "scheduling": {"securityContext": {"runAsUser": null, "supplementalGroups": null}},
    });
    assert!(schema.is_valid(&file));
    let read = Installation::from_json("file", &file).unwrap();
    assert_eq!(read.platform, Some(Platform::OpenShift));
    assert_eq!(read.image.groups, ImageGroups::ThisVersion);
    assert_eq!(
        Installation::from_json("again", &read.to_json()).unwrap(),
        read
    );
}

#[test]
fn a_platform_is_for_a_cluster_that_exists() {
    let refused = read("target: aws\nplatform: openshift\naws: {region: us-west-2}\n").unwrap_err();
    assert!(
        refused.contains("platform: is for `target: kubernetes`"),
        "{refused}"
    );
}
