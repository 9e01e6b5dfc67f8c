//! A program in Node that does what it is told, line by line.

use crate::kit::wait::wait_for;
use serde_json::Value;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// It, and what it says.
pub(super) struct Talk {
    child: Child,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    /// Starts `program` where its packages are.
    pub(super) fn begin(folder: &Path, program: &str, arguments: &[&str]) -> Self {
        // It looks for packages beside itself.
        let name = Path::new(program).file_name().expect("it is a file");
        let here = folder.join(name);
        std::fs::copy(program, &here).expect("a file can be copied");
        let mut child = Command::new("node")
            .arg(&here)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("npm is there, so node is");
        let told = child.stdin.take().expect("stdin is a pipe");
        let says = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        Self { child, told, says }
    }

    /// Has it do something; what it says then.
    pub(super) async fn does(&mut self, command: Value) -> Value {
        let line = format!("{command}\n");
        self.told
            .write_all(line.as_bytes())
            .await
            .expect("it listens");
        let said = wait_for(
            format!("what a client says to {command}"),
            self.says.next_line(),
        )
        .await;
        let said = said.expect("it can be read");
        let said = said.unwrap_or_else(|| panic!("it ended at {command}; its stderr is above"));
        serde_json::from_str(&said).expect("it says JSON")
    }

    /// Lets it end.
    pub(super) async fn end(mut self) {
        drop(self.told);
        let ended = wait_for("the end of a client", self.child.wait()).await;
        assert!(ended.expect("it ends").success());
    }
}
