//! Every instruction that a program runs, one by one.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    libc,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};

/// Waits to be attached to, and then becomes the program.
const HOLD: &str = r#"kill -STOP $$ && exec "$0" "$@""#;

/// Runs a program to its end, and tells the address of each instruction, in the order in which they run.
pub(super) fn run(program: &Command, mut told: impl FnMut(u64)) -> Result<()> {
    let name = program.get_program().to_string_lossy().into_owned();
    let child = hold(program)?;
    let pid = Pid::from_raw(child.id().try_into()?);
    let ended = follow(pid, &mut told).with_context(|| format!("following {name}"))?;
    if ended != 0 {
        bail!("{name} ended with {ended} while it was followed");
    }
    Ok(())
}

fn hold(program: &Command) -> Result<Child> {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", HOLD])
        .arg(program.get_program())
        .args(program.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0);
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    shell.spawn().context("starting /bin/sh")
}

/// Follows a process from its next `exec` to its end, and returns its exit code.
fn follow(pid: Pid, told: &mut impl FnMut(u64)) -> Result<i32> {
    ptrace::seize(
        pid,
        Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL,
    )?;
    nix::sys::signal::kill(pid, Signal::SIGCONT)?;
    let mut is_program = false;
    loop {
        let mut signal = None;
        match waitpid(pid, None)? {
            WaitStatus::Exited(_, code) => return Ok(code),
            WaitStatus::Signaled(_, signal, _) => bail!("it was ended by {signal}"),
            WaitStatus::PtraceEvent(_, _, libc::PTRACE_EVENT_EXEC) => is_program = true,
            WaitStatus::Stopped(_, got) if got != Signal::SIGTRAP => signal = Some(got),
            _ => {}
        }
        if is_program {
            told(ptrace::getregs(pid)?.rip);
            ptrace::step(pid, signal)?;
        } else {
            ptrace::cont(pid, signal)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::run;

    #[test]
    fn a_program_is_followed_to_its_end() {
        let mut steps = 0_usize;
        run(&Command::new("/bin/true"), |_| steps += 1).unwrap();
        assert!(steps > 1000, "{steps}");
    }

    #[test]
    fn a_program_that_fails_is_told() {
        let error = run(&Command::new("/bin/false"), |_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/bin/false ended with 1 while it was followed"
        );
    }
}
