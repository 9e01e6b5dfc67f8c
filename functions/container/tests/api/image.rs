//! The image, as far as it can be tried without a daemon that builds it: its files are laid out by the very commands of the
//! Dockerfile, and the program runs among them and nothing else.

use crate::kit::{Kit, left_out, program::Program, request};
use crate::requirements::read;
use axum::body::Body;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Stdio};
use tokio::process::Command;

const PROGRAM: &str = "/usr/local/bin/parlance";

/// The lines of a stage of the Dockerfile, without comments.
fn stage(name: &str) -> String {
    let file = read("Dockerfile");
    let (_, rest) = file
        .split_once(&format!(" AS {name}\n"))
        .unwrap_or_else(|| panic!("the Dockerfile has a stage {name}"));
    let stage = rest.split("\nFROM ").next().unwrap_or_default();
    let lines = stage.lines().filter(|line| !line.starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// Lays the files of the image into a folder.
async fn lay(folder: &Path) {
    let stage = stage("files");
    let commands = stage.split_once("RUN ").expect("the stage runs commands").1;
    let commands = commands
        .replace("target/release/parlance", env!("CARGO_BIN_EXE_parlance"))
        .replace("/files", folder.to_str().expect("the folder is UTF-8"));
    let mut shell = Command::new("sh");
    let ran = shell.args(["-ec", &commands]).output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{commands}\n{said}");
}

/// A command whose program runs with the folder as its root, as somebody who owns none of it; nothing where this machine
/// lets nobody do so.
async fn within(folder: &Path) -> Option<Command> {
    let ways: [&[&str]; 2] = [
        &["/usr/sbin/chroot", "--userspec=65532:65532"],
        &["/usr/bin/unshare", "--user", "--map-current-user", "--root"],
    ];
    for way in ways {
        let command = || {
            let mut command = Command::new(way[0]);
            command.args(&way[1..]).arg(folder).arg(PROGRAM);
            command
        };
        let tried = command().arg("--version").output().await;
        if tried.is_ok_and(|tried| tried.status.success()) {
            return Some(command());
        }
    }
    None
}

#[tokio::test] // R90
async fn the_program_serves_with_nothing_but_the_files_of_its_image() {
    if !Path::new("/usr/bin/dpkg-query").exists() {
        left_out("the image is laid out by Debian's tools, which this machine has not");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    lay(folder.path()).await;
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let packages = fs::read_to_string(folder.path().join("var/lib/dpkg/status.d/libc6")).unwrap();
    assert!(packages.contains("\nVersion: "), "{packages}");
    let Some(command) = within(folder.path()).await else {
        left_out("this machine lets nobody choose a root folder for a program");
        return;
    };
    // Ready is who has asked the database.
    let kit = Kit::new().await;
    let program = Program::start_by(command, &kit, &[], Stdio::null()).await;
    let page = request("", "GET", "/console").body(Body::empty());
    assert_eq!(program.send(page.unwrap()).await.status(), 200);
}

#[test] // R90
fn the_image_is_of_nobody_and_what_runs_in_it_is_the_program() {
    let bare = stage("bare");
    let user = bare.lines().find_map(|line| line.strip_prefix("USER "));
    assert_eq!(user, Some("65532:65532"));
    assert!(bare.contains(&format!("\nENTRYPOINT [\"{PROGRAM}\"]")));
    assert!(bare.starts_with("LABEL org.opencontainers.image.title="));
    let file = read("Dockerfile");
    assert!(file.contains("\nFROM scratch AS bare\n"));
    // What comes after it adds a shell, and takes nothing back.
    let last = file.rsplit_once("\nFROM ").unwrap().1;
    assert_eq!(last, "bare\nCOPY --from=toolchain /usr/bin/dash /bin/sh\n");
    for said in ["target: bare", "read_only: true", "cap_drop: [ALL]"] {
        assert!(read("compose.yaml").contains(said), "{said}");
    }
}
