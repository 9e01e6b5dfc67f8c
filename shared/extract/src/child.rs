//! The process that reads one file: it limits itself before it reads a byte, says what it found, and ends.

use crate::{Extracted, Failure, limits, read};
use rlimit::Resource;
use std::{
    io::{BufRead, Read, Write, stdin, stdout},
    process::ExitCode,
};

/// The word that has a program read a file.
pub(crate) const WORD: &str = "extract";

/// Whether this process was started to read a file: for the first line of a program.
pub fn is_asked() -> bool {
    let mut words = std::env::args().skip(1);
    words.next().as_deref() == Some(WORD) && words.next().is_none()
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
    let read: Result<Extracted, Failure> = read(name.trim_end(), &bytes);
    drop(bytes);
    // All at once and at the end: half of it could be taken for the whole.
    let said = serde_json::to_vec(&read)?;
    stdout().lock().write_all(&said)
}
