//! A second server that follows the first.

use super::{Cluster, files::Files, free_port};
use anyhow::{Context, Result, ensure};
use secrecy::ExposeSecret;
use std::{path::Path, process::Command};

impl Cluster {
    /// Starts a standby of this server with its files in `dir`, where there are none yet. Its files are copied while this server
    /// is stopped, which needs no program that only some packages have; both ask for the same password.
    ///
    /// # Errors
    /// The files cannot be copied, or one of the two does not start.
    pub fn standby(&self, dir: &Path) -> Result<Self> {
        let files = Files::prepare(dir, self.programs.user)?;
        files.begin_data()?;
        files.write_password(&self.files.password()?)?;
        self.stop()?;
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.files.data())
            .arg(files.unfinished_data())
            .status();
        self.programs.start(&self.files, self.port)?;
        ensure!(
            copied.context("cp cannot be run")?.success(),
            "the files of the server could not be copied"
        );
        let (password, port) = (self.files.password()?, self.port);
        let primary = format!(
            "host=127.0.0.1 port={port} user=parlance password={}",
            password.expose_secret()
        );
        files.add_settings(&format!("primary_conninfo = '{primary}'\n"))?;
        files.make_standby()?;
        files.finish_data()?;
        let port = free_port(&files)?;
        let programs = self.programs.clone();
        programs.start(&files, port)?;
        Ok(Self {
            programs,
            files,
            port,
        })
    }

    /// Starts it again, where it was, after it was stopped.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> Result<()> {
        self.programs.start(&self.files, self.port)
    }
}
