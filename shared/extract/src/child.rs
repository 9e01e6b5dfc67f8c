//! The process that reads one file: it limits itself before it reads a byte, says what it found, and ends.

use crate::{limits, page, read, sitemap};
use rlimit::Resource;
use std::{
    io::{BufRead, Read, Write, stdin, stdout},
    process::ExitCode,
};

/// The word that has a program read a file.
pub(crate) const WORD: &str = "extract";

/// What a file is read for, and the word beside the first that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// For what it says.
    File,
    /// As a page of a web site: for where it leads, too.
    Page,
    /// As a list of such pages.
    Sitemap,
}

impl Task {
    const ALL: [Self; 3] = [Self::File, Self::Page, Self::Sitemap];

    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::File => &[WORD],
            Self::Page => &[WORD, "page"],
            Self::Sitemap => &[WORD, "sitemap"],
        }
    }

    fn asked() -> Option<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        Self::ALL.into_iter().find(|task| task.words() == words)
    }
}

/// Whether this process was started to read a file: for the first line of a program.
pub fn is_asked() -> bool {
    Task::asked().is_some()
}

/// Reads a file from standard input, its name in the first line, and says what it found on standard output.
pub fn child() -> ExitCode {
    match limit().and_then(|()| answer()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // Whoever started it reads that; if not, nobody is left.
            drop(writeln!(std::io::stderr(), "{e}"));
            ExitCode::FAILURE
        }
    }
}

fn limit() -> std::io::Result<()> {
    for (what, most) in [
        (Resource::AS, limits::MEMORY),
        (Resource::CPU, limits::PROCESSOR),
        (Resource::FSIZE, 0),
        (Resource::NOFILE, 16),
        (Resource::CORE, 0),
    ] {
        what.set(most, most)?;
    }
    Ok(())
}

fn answer() -> std::io::Result<()> {
    let mut input = stdin().lock();
    let (mut name, mut bytes) = (String::new(), Vec::new());
    input.read_line(&mut name)?;
    input.read_to_end(&mut bytes)?;
    let name = name.trim_end();
    // All at once and at the end: half of it could be taken for the whole.
    let said = match Task::asked() {
        Some(Task::Page) => serde_json::to_vec(&page::page(name, &bytes)),
        Some(Task::Sitemap) => serde_json::to_vec(&sitemap::sitemap(&bytes)),
        _ => serde_json::to_vec(&read(name, &bytes)),
    }?;
    stdout().lock().write_all(&said)
}
