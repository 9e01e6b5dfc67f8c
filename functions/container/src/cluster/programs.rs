//! PostgreSQL's own programs, run as a user that PostgreSQL accepts: it refuses root.

use super::files::Files;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where the programs are, and as whom to run them.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    bin: PathBuf,
    /// User and group to become, when this process is root's.
    pub(super) user: Option<(u32, u32)>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// It ends its connections, and writes down what it has.
    Fast,
    /// It just ends.
    Immediate,
}

impl Programs {
    /// Looks in `PG_BIN`, on `PATH`, and where Debian and `scripts/install-postgres` put them.
    pub(super) fn find() -> Result<Self> {
        let given = std::env::var_os("PG_BIN").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual = versions("/usr/lib/postgresql").chain([PathBuf::from(".parlance/pgsql/bin")]);
        let mut places = given
            .into_iter()
            .chain(std::env::split_paths(&path))
            .chain(usual);
        let complete = |bin: &PathBuf| {
            ["initdb", "pg_ctl", "postgres"]
                .iter()
                .all(|p| bin.join(p).exists())
        };
        let Some(bin) = places.find(complete) else {
            bail!(
                "PostgreSQL's programs (initdb, pg_ctl, postgres) were not found. Run scripts/install-postgres, or set \
                 PG_BIN to the folder they are in, or DATABASE_URL to a database that is running"
            );
        };
        let bin = bin.canonicalize()?;
        Ok(Self { bin, user: user()? })
    }

    pub(super) fn initdb(&self, files: &Files) -> Result<()> {
        let mut initdb = self.command("initdb", files);
        initdb.args([
            "--username=parlance",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]);
        initdb
            .arg("--pwfile")
            .arg(files.password_file())
            .arg("-D")
            .arg(files.unfinished_data());
        finish(initdb, files)
    }

    pub(super) fn start(&self, files: &Files, port: u16) -> Result<()> {
        let mut start = self.command("pg_ctl", files);
        start.args(["start", "-w", "-t", "60", "-s", "-o", &format!("-p {port}")]);
        start.arg("-l").arg(files.log()).arg("-D").arg(files.data());
        finish(start, files)
    }

    /// Stops the server if it runs.
    pub(super) fn stop(&self, files: &Files, how: Stop) -> Result<()> {
        let mut status = self.command("pg_ctl", files);
        let running = status
            .arg("status")
            .arg("-D")
            .arg(files.data())
            .status()?
            .success();
        if !running {
            return Ok(());
        }
        let mut stop = self.command("pg_ctl", files);
        let how = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        stop.args(["stop", "-w", "-t", "60", "-s", "-m", how])
            .arg("-D")
            .arg(files.data());
        finish(stop, files)
    }

    fn command(&self, program: &str, files: &Files) -> Command {
        let mut command = Command::new(self.bin.join(program));
        // The server keeps what it inherits: a pipe of ours would never close.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(files.error_log());
        // Ctrl-C is for this process, which then stops the server in its turn.
        command.process_group(0);
        // Its folder is one that the other user can enter.
        command.current_dir(files.root()).env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn finish(mut command: Command, files: &Files) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{:?} cannot be run", command.get_program()))?;
    ensure!(
        status.success(),
        "{:?} failed. What it said is in {} and {}",
        command.get_program(),
        files.log().display(),
        files.error_path().display()
    );
    Ok(())
}

/// `bin` folders of the versions in `dir`, newest first.
fn versions(dir: &str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let version = |path: &Path| {
        path.file_name()
            .and_then(|n| n.to_str()?.parse::<u32>().ok())
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|e| Some((version(&e.path())?, e.path().join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, bin)| bin)
}

/// For root, the user `postgres` or else `nobody`; anybody else stays who they are.
fn user() -> Result<Option<(u32, u32)>> {
    let me = fs::metadata("/proc/self")
        .context("this needs Linux's /proc")?
        .uid();
    if me != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = find("postgres").or_else(|| find("nobody"));
    found
        .map(Some)
        .context("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}
