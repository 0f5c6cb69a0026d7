//! The linker of the release: the system's, called twice for the plugin, the second time with the order of its functions.
//!
//! `rustc` starts `cc`; a link of that name to xtask comes first on its PATH. (The linker that cargo can be told of goes
//! into the fingerprint of every crate, and all of them would be built once more.)

mod order;
mod trace;

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result};

use crate::steps;

const COMPILER: &str = "cc";
/// What the file that `rustc` has linked begins with.
const PLUGIN: &str = "kubectl_milvus-";

/// Tells the linker where the workspace is: what cargo tells it is where the plugin is.
const WORKSPACE: &str = "KUBECTL_MILVUS_WORKSPACE";
/// In the folder of the link: why the plugin that was linked last is in no order.
const UNORDERED: &str = "unordered";

/// Makes cargo link by this program.
pub(super) fn by_this(build: &mut Command) -> Result<()> {
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    // Moved into place, as another run may be using it.
    let link = folder.join(format!("{COMPILER}-{}", std::process::id()));
    std::os::unix::fs::symlink(env::current_exe()?, &link)?;
    fs::rename(&link, folder.join(COMPILER))?;
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [folder].into_iter().chain(env::split_paths(&path));
    build.env("PATH", env::join_paths(folders)?);
    build.env(WORKSPACE, steps::workspace());
    Ok(())
}

/// Why the plugin is in no order, where it is in none.
pub(super) fn unordered() -> Result<Option<String>> {
    Ok(fs::read_to_string(folder()?.join(UNORDERED)).ok())
}

/// Where the link is: beside this program.
fn folder() -> Result<PathBuf> {
    Ok(steps::target()?.join("link"))
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
    let path = env::var_os("PATH").unwrap_or_default();
    let folder = folder()?;
    // Without this program's folder: a compiler that is a link itself would find this one again.
    let path = env::join_paths(env::split_paths(&path).filter(|it| *it != folder))?;
    let compiler = || {
        let mut compiler = Command::new(COMPILER);
        compiler.env("PATH", &path);
        compiler
    };
    let status = compiler().args(args).status();
    if !status.context("starting `cc`")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    if let Some(output) = linked(args) {
        let why = folder.join(UNORDERED);
        match in_order(compiler(), args, output) {
            Ok(()) => fs::remove_file(why).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?,
            // What was linked first does the same, a little later.
            Err(error) => fs::write(why, format!("{error:#}"))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Links the plugin once more, with the order that the one there shows.
fn in_order(mut compiler: Command, args: &[OsString], output: usize) -> Result<()> {
    let plugin = Path::new(&args[output]);
    let workspace = env::var_os(WORKSPACE).context("only the release is linked by xtask")?;
    let (script, ordered) = (
        plugin.with_extension("ld"),
        plugin.with_extension("ordered"),
    );
    fs::write(&script, order::script(plugin, workspace.as_ref())?)?;
    let mut args = args.to_vec();
    args[output] = ordered.clone().into();
    steps::run(compiler.args(args).arg("-Wl,-T").arg(script))?;
    write_whole(&ordered)?;
    fs::rename(&ordered, plugin)?;
    Ok(())
}

/// Which argument is the plugin, where that is what was linked.
fn linked(args: &[OsString]) -> Option<usize> {
    let output = args.iter().position(|arg| arg == "-o")? + 1;
    let name = Path::new(args.get(output)?).file_name()?.to_str()?;
    let is_plugin = name.starts_with(PLUGIN) && !args.iter().any(|arg| arg == "-c");
    is_plugin.then_some(output)
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
