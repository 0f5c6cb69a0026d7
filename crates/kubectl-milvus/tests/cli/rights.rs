//! Users who may not do everything (fault 6 of the stage).

use crate::installed::{CLUSTER, Installation};

#[test]
fn stage_fault_6_who_may_not_forward_ports_is_told_so() {
    let viewer = Installation::new(CLUSTER);
    viewer.server.forbid("portforward");
    for command in ["verify", "connect"] {
        let ran = viewer.run(&[command, "-n", "vectors"]).exits(1);
        for word in [
            "you cannot forward ports to pods in namespace vectors: the right to pods/portforward is missing",
            "User \"viewer\" cannot do that",
            "hint: ask the cluster's administrator for the verbs `get` and `create` on `pods/portforward` in namespace vectors",
        ] {
            assert!(ran.stderr.contains(word), "no {word}: {ran:#?}");
        }
        assert_eq!(ran.stdout, "");
    }
}

/// A service account without the right to read anything but services and pods verifies as before.
#[test]
fn stage_fault_1_who_may_not_see_deployments_is_not_held_up() {
    let viewer = Installation::new(CLUSTER);
    viewer.server.forbid("deployments");
    viewer.server.forbid("portforward");
    let ran = viewer.run(&["verify", "-n", "vectors"]).exits(1);
    ran.says(&["pods/portforward"]);
}
