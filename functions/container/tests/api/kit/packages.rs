//! Packages that others have published, for tests that use what they use; and the examples of the documentation.

use super::left_out;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

/// One at a time: they are large, and some are wanted by several tests.
static ONE: Mutex<()> = Mutex::new(());

/// Installs what a `package.json` names, once; where it is then. If it cannot be had, a sentence says why.
pub fn npm(name: &str, package: &str) -> Option<PathBuf> {
    made(name, package, |at| {
        fs::write(at.join("package.json"), package).expect("a file can be written");
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--no-package-lock")
            .current_dir(at);
        ran(&mut npm)
    })
}

/// Installs what a `requirements.txt` lists, once; the Python that has it then. If it cannot be had, a sentence says why.
pub fn pip(name: &str, listed: &str) -> Option<PathBuf> {
    let at = made(name, listed, |at| {
        let folder = at.to_str().expect("the path is text");
        ran(Command::new("python3").args(["-m", "venv", "--clear", folder]))?;
        let list = at.join("requirements.txt");
        fs::write(&list, listed).expect("a file can be written");
        let mut pip = Command::new(at.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"]);
        ran(pip.arg(list))
    })?;
    Some(at.join("bin/python"))
}

fn made(name: &str, of: &str, make: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let _one = ONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let made_from = at.join("made-from");
    if fs::read_to_string(&made_from).is_ok_and(|made| made == of) {
        return Some(at);
    }
    fs::create_dir_all(&at).expect("a folder can be made");
    match make(&at) {
        Ok(()) => {
            fs::write(made_from, of).expect("a file can be written");
            Some(at)
        }
        Err(why) => {
            left_out(&format!("{name} cannot be installed: {why}"));
            None
        }
    }
}

/// Whether a program is there, and does what the arguments say. If not, a sentence says why.
pub fn has(program: &str, args: &[&str]) -> bool {
    let why = ran(Command::new(program).args(args)).err();
    if let Some(why) = &why {
        left_out(&format!("{program} cannot be used: {why}"));
    }
    why.is_none()
}

fn ran(command: &mut Command) -> Result<(), String> {
    let Output { status, stderr, .. } = command.output().map_err(|e| e.to_string())?;
    let said = || String::from_utf8_lossy(&stderr).into_owned();
    status.success().then_some(()).ok_or_else(said)
}

/// The first example of a language in a page of the documentation, below a heading.
pub fn example(page: &str, heading: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    let text = fs::read_to_string(path).expect("the page is there");
    let (_, below) = text.split_once(heading).expect("the page has the heading");
    let start = format!("```{language}\n");
    let (_, rest) = below.split_once(&start).expect("the page has an example");
    rest.split("```").next().expect("it ends").to_owned()
}
