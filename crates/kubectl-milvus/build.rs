//! How the plugin is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |key: &str| std::env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    // kubectl starts the plugin anew for every command. At a fixed address, as Go's programs have it, the loader need not
    // put right a hundred thousand pointers each time, which takes half of the time of a short command.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
