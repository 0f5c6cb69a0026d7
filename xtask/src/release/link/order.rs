//! The order of the plugin's functions: those that short commands run lie together, in the order in which they run.
//!
//! The kernel maps a program's file some sixteen pages at a time, where it first runs into them. Spread over all of the
//! code, what `render` runs (a twentieth of it) took a hundred such steps, and with them a third of the command's time.

use std::{fmt::Write as _, ops::Range, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use super::trace;
use crate::bench;

/// A function, by the symbol that it has in the file.
struct Function {
    /// Where its code is.
    code: Range<u64>,
    symbol: String,
}

/// The linker's script: the functions that ran come first.
pub(super) fn script(plugin: &Path, workspace: &Path) -> Result<String> {
    let functions = functions(plugin)?;
    let mut ran = Vec::new();
    for command in commands(plugin, workspace) {
        note(&command, &functions, &mut ran)?;
    }
    if ran.is_empty() {
        bail!("of {} no function was seen to run", plugin.display());
    }
    let mut script = String::from("SECTIONS {\n.text.first : {\n");
    for index in ran {
        let symbol = &functions[index].symbol;
        // Where the compiler takes a function for one that seldom runs, its section has another name.
        writeln!(script, "*(.text.{symbol} .text.unlikely.{symbol})")?;
    }
    script.push_str("}\n} INSERT BEFORE .text;\n");
    Ok(script)
}

/// Commands that need no server and are over in milliseconds.
fn commands(plugin: &Path, workspace: &Path) -> Vec<Command> {
    let of = |args: &[&str]| {
        let mut command = Command::new(plugin);
        command.args(args).current_dir(workspace);
        command
    };
    let mut render_values = of(&bench::RENDER_VALUES);
    render_values.arg(bench::VALUES);
    vec![
        render_values,
        of(&["render", "-f", bench::INSTALLATION]),
        of(&["version"]),
    ]
}

/// Notes the functions that a command runs, and that ran in none before it.
fn note(command: &Command, functions: &[Function], ran: &mut Vec<usize>) -> Result<()> {
    let mut has_run = vec![false; functions.len()];
    for &index in &*ran {
        has_run[index] = true;
    }
    let mut here = 0..0;
    trace::run(command, |address| {
        if here.contains(&address) {
            return;
        }
        let after = functions.partition_point(|function| function.code.start <= address);
        let Some(index) = after.checked_sub(1) else {
            return;
        };
        let code = &functions[index].code;
        // Elsewhere is code without a size, and the kernel's own.
        if !code.contains(&address) {
            return;
        }
        here = code.clone();
        if !has_run[index] {
            has_run[index] = true;
            ran.push(index);
        }
    })
}

/// All functions, by address.
fn functions(plugin: &Path) -> Result<Vec<Function>> {
    let listed = Command::new("nm")
        .args(["--defined-only", "--print-size", "--numeric-sort"])
        .arg(plugin)
        .output()
        .context("starting nm")?;
    if !listed.status.success() {
        bail!("nm ended with {}", listed.status);
    }
    let listed = String::from_utf8(listed.stdout)?;
    Ok(listed.lines().filter_map(function).collect())
}

/// One line of nm's: address, size, kind and symbol.
fn function(line: &str) -> Option<Function> {
    let mut words = line.split_ascii_whitespace();
    let mut number = || u64::from_str_radix(words.next()?, 16).ok();
    let (address, size) = (number()?, number()?);
    let is_code = matches!(words.next()?, "t" | "T" | "w" | "W");
    let symbol = words.next()?.to_owned();
    is_code.then(|| Function {
        code: address..address + size,
        symbol,
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{function, functions, note};

    #[test]
    fn what_a_command_runs_is_found_in_its_order() {
        let folder =
            std::env::temp_dir().join(format!("kubectl-milvus-order-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (source, program) = (folder.join("program.c"), folder.join("program"));
        let text = "int second(void) { return 0; }\n\
                    int never(void) { return 1; }\n\
                    int first(void) { return second(); }\n\
                    int main(void) { return first(); }\n";
        std::fs::write(&source, text).unwrap();
        let mut compiler = Command::new("cc");
        compiler
            .args(["-O0", "-no-pie", "-o"])
            .arg(&program)
            .arg(&source);
        assert!(compiler.status().unwrap().success());

        let functions = functions(&program).unwrap();
        let mut ran = Vec::new();
        note(&Command::new(&program), &functions, &mut ran).unwrap();
        let ran = ran.iter().map(|&index| functions[index].symbol.as_str());
        let own = ran.filter(|symbol| ["main", "first", "second", "never"].contains(symbol));
        assert_eq!(own.collect::<Vec<_>>(), ["main", "first", "second"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn only_code_counts() {
        let code = function("0000000000401010 000000000000002a t _ZN4main").unwrap();
        assert_eq!(code.code, 0x40_1010..0x40_103a);
        assert_eq!(code.symbol, "_ZN4main");
        assert!(function("0000000000401010 000000000000002a r TABLE").is_none());
        assert!(function("0000000000401010 t without_size").is_none());
    }
}
