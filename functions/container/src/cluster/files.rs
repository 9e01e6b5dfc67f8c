//! The files of a private server, where the user it runs as can reach them.

use anyhow::{Context, Result};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::Stdio,
};
use uuid::Uuid;

/// A folder with the data, the log, the superuser's password and the port.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    /// Where it was asked to be, if that is only a link.
    link: Option<PathBuf>,
    owner: Option<(u32, u32)>,
}

impl Files {
    /// Makes the folder, and gives it to `owner`.
    ///
    /// A user that this process becomes may be unable to enter where it was asked for (`/root` is closed to
    /// others): then the folder is made in `/var/tmp`, and linked.
    pub(super) fn prepare(dir: &Path, owner: Option<(u32, u32)>) -> Result<Self> {
        let made = || format!("the folder {} cannot be made", dir.display());
        let parent = dir.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).with_context(made)?;
        let dir = parent
            .canonicalize()?
            .join(dir.file_name().unwrap_or_default());
        let elsewhere = owner.is_some() && !all_may_enter(&parent.canonicalize()?);
        let (root, link) = match elsewhere {
            true => (linked(&dir)?, Some(dir)),
            false => (dir, None),
        };
        fs::create_dir_all(&root).with_context(made)?;
        fs::set_permissions(&root, Permissions::from_mode(0o700))?;
        if let Some((uid, gid)) = owner {
            chown(&root, Some(uid), Some(gid))?;
        }
        Ok(Self { root, link, owner })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where the data is made; it gets its name when it is whole.
    pub(super) fn unfinished_data(&self) -> PathBuf {
        self.root.join("data.new")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    pub(super) fn error_path(&self) -> PathBuf {
        self.root.join("commands.log")
    }

    /// Where what the programs complain about goes.
    pub(super) fn error_log(&self) -> Stdio {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.error_path());
        file.map_or_else(|_| Stdio::null(), Stdio::from)
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.root.join("password")
    }

    pub(super) fn password(&self) -> Result<SecretString> {
        let text = fs::read_to_string(self.password_file())
            .context("the server's password file is gone")?;
        Ok(text.trim_end().into())
    }

    pub(super) fn write_password(&self, password: &SecretString) -> Result<()> {
        let mut file = private_file(&self.password_file())?;
        writeln!(file, "{}", password.expose_secret())?;
        if let Some((uid, gid)) = self.owner {
            chown(self.password_file(), Some(uid), Some(gid))?;
        }
        Ok(())
    }

    pub(super) fn add_settings(&self, settings: &str) -> Result<()> {
        let path = self.unfinished_data().join("postgresql.conf");
        let mut file = OpenOptions::new().append(true).open(path)?;
        Ok(file.write_all(settings.as_bytes())?)
    }

    /// Makes the data a standby's.
    pub(super) fn make_standby(&self) -> Result<()> {
        let path = self.unfinished_data().join("standby.signal");
        private_file(&path)?;
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    /// Makes room for new data.
    pub(super) fn begin_data(&self) -> Result<()> {
        match fs::remove_dir_all(self.unfinished_data()) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// The new data is whole.
    pub(super) fn finish_data(&self) -> Result<()> {
        Ok(fs::rename(self.unfinished_data(), self.data())?)
    }

    pub(super) fn last_port(&self) -> Option<u16> {
        fs::read_to_string(self.root.join("port"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    pub(super) fn remember_port(&self, port: u16) -> Result<()> {
        Ok(fs::write(self.root.join("port"), port.to_string())?)
    }

    pub(super) fn delete(&self) -> Result<()> {
        fs::remove_dir_all(&self.root)?;
        if let Some(link) = &self.link {
            fs::remove_file(link)?;
        }
        Ok(())
    }
}

/// A file that only its owner can read, from its first moment.
///
/// # Errors
/// It cannot be made.
pub fn private_file(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file.with_context(|| format!("{} cannot be written", path.display()))
}

fn all_may_enter(dir: &Path) -> bool {
    dir.ancestors()
        .all(|d| fs::metadata(d).is_ok_and(|m| m.mode() & 0o001 != 0))
}

/// The folder in `/var/tmp` that `link` leads to; a new one, with a name that nobody can have taken before, if
/// there is no link yet.
fn linked(link: &Path) -> Result<PathBuf> {
    if let Ok(root) = fs::read_link(link) {
        return Ok(root);
    }
    let root = PathBuf::from(format!("/var/tmp/parlance-{}", Uuid::new_v4().simple()));
    DirBuilder::new().mode(0o700).create(&root)?;
    symlink(&root, link)?;
    Ok(root)
}
