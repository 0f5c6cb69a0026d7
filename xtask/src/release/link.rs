//! The linker of the release: the system's, called twice for the plugin, the second time with the order of its functions.
//!
//! `rustc` starts `cc`; a link of that name to xtask comes first on its PATH. (The linker that cargo can be told of goes
//! into the fingerprint of every crate, and all of them would be built once more.)

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result};

use super::order;
use crate::steps;

const COMPILER: &str = "cc";
/// What the file that `rustc` has linked begins with.
const PLUGIN: &str = "kubectl_milvus-";

/// Tells the linker where the workspace is: what cargo tells it is where the plugin is.
const WORKSPACE: &str = "KUBECTL_MILVUS_WORKSPACE";

/// Makes cargo link by this program.
pub(super) fn by_this(build: &mut Command, folder: &Path) -> Result<()> {
    build.env("PATH", path(folder)?);
    build.env(WORKSPACE, steps::workspace());
    Ok(())
}

/// The PATH on which `cc` is this program.
fn path(folder: &Path) -> Result<OsString> {
    let folder = folder.join("link");
    fs::create_dir_all(&folder)?;
    let link = folder.join(COMPILER);
    let _absent = fs::remove_file(&link);
    std::os::unix::fs::symlink(env::current_exe()?, &link)?;
    let host = env::var_os("PATH").unwrap_or_default();
    let folders = [folder].into_iter().chain(env::split_paths(&host));
    Ok(env::join_paths(folders)?)
}

/// Runs as `cc`, where that is what this program was called by.
pub(crate) fn as_compiler() -> Option<Result<ExitCode>> {
    let mut args = env::args_os();
    let is_compiler = args.next().is_some_and(|name| {
        Path::new(&name)
            .file_name()
            .is_some_and(|name| name == COMPILER)
    });
    is_compiler.then(|| compile(&args.collect::<Vec<_>>()))
}

fn compile(args: &[OsString]) -> Result<ExitCode> {
    let real = real()?;
    let status = Command::new(&real).args(args).status();
    let status = status.with_context(|| format!("starting {}", real.display()))?;
    if !status.success() {
        return Ok(ExitCode::FAILURE);
    }
    if let Some(plugin) = linked(args) {
        let script = plugin.with_extension("ld");
        let workspace = env::var_os(WORKSPACE).context("only the release is linked by xtask")?;
        fs::write(&script, order::script(&plugin, workspace.as_ref())?)?;
        let mut again = Command::new(&real);
        steps::run(again.args(args).arg("-Wl,-T").arg(script))?;
        write_whole(&plugin)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The system's compiler: the next one on the PATH.
fn real() -> Result<PathBuf> {
    let this = env::current_exe()?;
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(COMPILER))
        .find(|file| fs::canonicalize(file).is_ok_and(|file| file != this))
        .context("there is no `cc` on the PATH: install a C compiler")
}

/// The plugin, where that is what was linked.
fn linked(args: &[OsString]) -> Option<PathBuf> {
    let output = args.iter().position(|arg| arg == "-o")?;
    let file = Path::new(args.get(output + 1)?);
    let name = file.file_name()?.to_str()?;
    let is_plugin = name.starts_with(PLUGIN) && !args.iter().any(|arg| arg == "-c");
    is_plugin.then(|| file.to_owned())
}

/// Writes the file anew, in one go. The linker writes here and there, and the page cache then has it in single pages, each
/// of which is mapped by itself at every start; a copy (what users have) is in larger pieces.
fn write_whole(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    let permissions = fs::metadata(file)?.permissions();
    fs::remove_file(file)?;
    fs::write(file, content)?;
    fs::set_permissions(file, permissions)?;
    Ok(())
}
