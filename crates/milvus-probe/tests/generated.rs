//! The generated code is what the `.proto` files say. `UPDATE_GENERATED=1 cargo test -p milvus-probe --test generated`
//! writes it anew; no protoc is needed, and users of the crate generate nothing.

use std::{env, fs, path::Path};

#[test]
fn generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let descriptors = protox::compile(["milvus.proto"], [root.join("proto")])
        .expect("the .proto files are valid");
    let fresh = tempfile::tempdir().expect("a temporary folder");
    tonic_prost_build::configure()
        .build_server(false)
        // Its `connect` would clash with the protocol's own Connect.
        .build_transport(false)
        .out_dir(fresh.path())
        .compile_fds(descriptors)
        .expect("code is generated");
    for package in ["common", "schema", "milvus"] {
        let name = format!("milvus.proto.{package}.rs");
        let generated = fs::read_to_string(fresh.path().join(&name)).expect("it was generated");
        let committed = root.join("src/proto").join(&name);
        if env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(&committed, &generated).expect("it can be written");
        }
        let current = fs::read_to_string(&committed).unwrap_or_default();
        assert!(
            current == generated,
            "{name} is not what the .proto files say"
        );
    }
}
