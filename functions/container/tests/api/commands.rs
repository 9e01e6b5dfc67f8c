//! Running the program's commands to their end.

use crate::kit::wait::wait_for;
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

/// How a run of the program ended.
pub(crate) struct Ended {
    pub(crate) ok: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Confirms that it failed, and said so.
    #[track_caller]
    pub(crate) fn is_refused(&self, told: &str) {
        let Self { ok, stdout, stderr } = self;
        assert!(!ok && stderr.contains(told), "{stdout}{stderr}");
    }
}

/// The program with these variables and no other.
pub(crate) fn program(arguments: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlance"));
    command.args(arguments).env_clear().kill_on_drop(true);
    command.envs(vars.iter().copied()).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) async fn run(arguments: &[&str], vars: &[(&str, &str)], stdin: &str) -> Ended {
    let mut child = program(arguments, vars)
        .spawn()
        .expect("the program is there");
    let mut pipe = child.stdin.take().expect("stdin is a pipe");
    // A program that reads nothing closes it.
    drop(pipe.write_all(stdin.as_bytes()).await);
    drop(pipe);
    let what = format!("the end of `parlance {}`", arguments.join(" "));
    let output = wait_for(what, child.wait_with_output()).await;
    let output = output.expect("it can be waited for");
    Ended {
        ok: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
