//! PostgreSQL's own programs, as an operator runs them for a backup.

use super::{backup_url, parlance};
use crate::kit::left_out;
use db::MIGRATOR;
use std::{
    env,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// PostgreSQL's programs, and the file of a dump.
pub(super) struct Tools {
    psql: PathBuf,
    dump: PathBuf,
    restore: PathBuf,
    file: String,
}

impl Tools {
    pub(super) fn find(files: &Path, server: u32) -> Option<Self> {
        std::fs::create_dir_all(files).expect("a folder can be made");
        let file = files.join("parlance.dump");
        Some(Self {
            psql: client("psql", server)?,
            dump: client("pg_dump", server)?,
            restore: client("pg_restore", server)?,
            file: file.to_str().expect("the path is text").to_owned(),
        })
    }

    pub(super) async fn dump(&self, from: &str) {
        let from = backup_url(from).await;
        let arguments = ["-Fc", "-n", "parlance", "-f", &self.file, "-d", &from];
        let dumped = ran(&self.dump, &arguments, None).await;
        assert!(dumped.0, "{}", dumped.1);
    }

    /// Without the roles, nothing is whose it should be.
    pub(super) async fn restore_the_wrong_way_round(&self, to: &str) {
        assert!(!ran(&self.restore, &["-d", to, &self.file], None).await.0);
        let migrated = parlance(&["migrate"], to).await;
        assert!(!migrated.ok);
        for told in [
            "belongs to the role parlance, and not to parlance_owner",
            "docs/backup.md",
        ] {
            assert!(migrated.stderr.contains(told), "{}", migrated.stderr);
        }
    }

    pub(super) async fn restore(&self, to: &str) {
        let printed = parlance(&["migrate", "--print-roles"], to).await;
        let roles = PathBuf::from(format!("{}.roles", self.file));
        std::fs::write(&roles, printed.stdout).expect("a file can be written");
        let arguments = ["-v", "ON_ERROR_STOP=1", "-d", to];
        let made = ran(&self.psql, &arguments, Some(&roles)).await;
        assert!(made.0, "{}", made.1);
        let arguments = "--exit-on-error --single-transaction -n parlance -d";
        let arguments: Vec<_> = arguments.split(' ').chain([to, &*self.file]).collect();
        let restored = ran(&self.restore, &arguments, None).await;
        assert!(restored.0, "{}", restored.1);
        let migrated = parlance(&["migrate"], to).await;
        let all = MIGRATOR.iter().count();
        let said = format!("is up to date: {all} migrations, 0 of them applied now.");
        assert!(migrated.stdout.contains(&said), "{}", migrated.stderr);
    }
}

/// PostgreSQL's own program for this, no older than the server, since `pg_dump` reads none that it does not know; `None`, and a
/// sentence, where there is none.
fn client(program: &str, server: u32) -> Option<PathBuf> {
    let bin = env::var_os("PG_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = bin
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|place| place.join(program));
    let found = places.find(|program| version(program).is_some_and(|version| version >= server));
    if found.is_none() {
        left_out(&format!(
            "PostgreSQL's {program} of version {server} or newer is not installed"
        ));
    }
    found
}

/// The major version of a program, such as `pg_dump (PostgreSQL) 15.18`.
fn version(program: &Path) -> Option<u32> {
    let output = std::process::Command::new(program)
        .arg("--version")
        .output();
    let told = String::from_utf8(output.ok()?.stdout).ok()?;
    told.split_once(") ")?
        .1
        .split(['.', ' '])
        .next()?
        .parse()
        .ok()
}

/// Runs one of them; what it said, and whether it ended well.
async fn ran(program: &Path, arguments: &[&str], stdin: Option<&Path>) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(file) = stdin {
        command.stdin(std::fs::File::open(file).expect("the file is there"));
    }
    let output = command.output().await.expect("the program can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}
