//! Any bytes: the reader of `milvus.yaml` answers with an installation or with a message, and never panics. What it
//! accepts has a topology, and is read back from what it writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milvus_aws_core::{Installation, Topology};

fuzz_target!(|text: &[u8]| {
    match Installation::from_yaml("milvus.yaml", text) {
        Err(error) => {
            assert!(!error.problems().is_empty());
            let message = error.to_string();
            assert!(message.starts_with("milvus.yaml:"));
            assert!(!message.contains(|c: char| c.is_control() && c != '\n'));
        }
        Ok(installation) => {
            let topology = Topology::of(&installation);
            assert!(!topology.components.is_empty());
            let _ = topology.settings.as_environment();
            let written = installation.to_yaml();
            let read = Installation::from_yaml("written.yaml", &written);
            assert_eq!(read.as_ref().ok(), Some(&installation), "{written}\n{read:?}");
        }
    }
});
