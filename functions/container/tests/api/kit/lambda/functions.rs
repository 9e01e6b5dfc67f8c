//! The functions as programs, each before a Runtime API of its own, and the way from a path to one of them.

use super::{
    super::{Kit, environment, program::signalled, wait::tell},
    Invocation, Runtime,
    event::Event,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::LazyLock,
};
use tokio::process::Child;

/// Those that answer requests.
pub const FUNCTIONS: &[&str] = &["admin", "chat", "documents", "login", "tenants"];

/// Those that are invoked for other reasons.
const JOBS: &[&str] = &["jobs", "migrate"];

/// The programs of the functions. `scripts/test` has built them before the tests; where somebody ran those by hand, they
/// are built when the first test asks for one, beside this test and like it.
static PROGRAMS: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(build);

/// Cargo as for a person in a terminal: what it told this test about itself would make it build crates anew that
/// look at their environment.
pub fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stderr(Stdio::inherit());
    let told = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
        "CARGO_PRIMARY_",
    ];
    for (name, _) in std::env::vars_os() {
        if told
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo {arguments:?} failed; its reason is above"
    );
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn build() -> HashMap<String, PathBuf> {
    tell("The Lambda functions are built unless they are up to date, which takes minutes.");
    let mut arguments = vec!["build", "--locked"];
    arguments.extend(["--features", "lambda,aws-secrets"]);
    arguments.push("--message-format=json-render-diagnostics");
    let own = std::env::current_exe().expect("a test has a file");
    if own.ancestors().any(|folder| folder.ends_with("release")) {
        arguments.push("--release");
    } else {
        // There are none; but what builds them builds its libraries as tests do, and so finds them built.
        arguments.extend(["--bins", "--examples"]);
    }
    let all = FUNCTIONS.iter().chain(JOBS);
    arguments.extend(all.flat_map(|name| ["-p", name]));
    let built = cargo(&arguments);
    let built = built.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).expect("cargo writes JSON");
        let program = message["executable"].as_str()?;
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), Path::new(program).to_owned()))
    });
    built.collect()
}

/// The function that the front hands a path to: the one that is named as its first segment, `chat` for
/// what is under `/v1`, `documents` for `/mcp`, and `login` for all else.
pub fn function_of(path: &str) -> &'static str {
    let first = match path.split(['/', '?']).nth(1).unwrap_or_default() {
        "v1" if path.starts_with("/v1/") => "chat",
        "mcp" => "documents",
        first => first,
    };
    let named = FUNCTIONS.iter().find(|name| **name == first);
    named.copied().unwrap_or("login")
}

/// Starts the program of a function, which asks that API for its events.
pub fn launch(name: &str, vars: impl IntoIterator<Item = (String, String)>, api: &str) -> Child {
    let mut program = tokio::process::Command::new(&PROGRAMS[name]);
    program
        .env_clear()
        .envs(vars)
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .stdout(Stdio::null())
        .kill_on_drop(true);
    program.spawn().expect("the function starts")
}

/// A running function; it ends with this.
pub struct Function {
    pub runtime: Runtime,
}

impl Function {
    /// Starts it on the database of `kit`.
    pub async fn start(name: &str, kit: &Kit, vars: &[(String, String)]) -> Self {
        let vars = environment(&kit.database)
            .into_iter()
            .chain(vars.iter().cloned());
        Self::with(name, vars).await
    }

    /// Starts it with these variables and no others.
    pub async fn with(name: &str, vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let runtime = Runtime::start(|api| launch(name, vars, api)).await;
        Self { runtime }
    }

    /// Freezes its process for as long as it takes the server to close its connections.
    pub async fn freeze(&self, kit: &Kit) {
        self.signal("STOP").await;
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'parlance'",
        )
        .execute(&kit.pool)
        .await
        .expect("a superuser may end connections");
        self.signal("CONT").await;
    }

    /// Sends its process a signal: `TERM`, or `STOP` and `CONT`, which is what a freeze looks like from inside.
    pub async fn signal(&self, signal: &str) {
        signalled(self.runtime.program(), signal).await;
    }

    /// How its process ended.
    pub async fn ended(self) -> ExitStatus {
        self.runtime.ended().await
    }

    /// Its answer as it begins.
    pub async fn invoke(&mut self, event: Event) -> Invocation<'_> {
        self.runtime.invoke(event).await
    }

    /// Its answer as it begins, or what it told instead.
    pub async fn try_invoke(&mut self, event: Event) -> Result<Invocation<'_>, String> {
        self.runtime.try_invoke(event).await
    }
}

/// All functions on one database, each started when it is first asked.
pub struct Functions {
    vars: HashMap<String, String>,
    running: HashMap<&'static str, Function>,
}

impl Functions {
    pub fn new(kit: &Kit, vars: &[(String, String)]) -> Self {
        let mut all = environment(&kit.database);
        all.extend(vars.iter().cloned());
        Self {
            vars: all,
            running: HashMap::new(),
        }
    }

    /// The answer, as it begins, of the function that the event's path leads to.
    pub async fn ask(&mut self, event: Event) -> Invocation<'_> {
        let function = self.function(function_of(event.path())).await;
        function.invoke(event).await
    }

    /// Has the schedule do what is to be done.
    pub async fn work(&mut self) {
        let function = self.function("jobs").await;
        let done = function.runtime.run(serde_json::json!({})).await;
        done.expect("the jobs are done");
    }

    async fn function(&mut self, name: &'static str) -> &mut Function {
        if !self.running.contains_key(name) {
            let vars = self.vars.clone().into_iter();
            self.running.insert(name, Function::with(name, vars).await);
        }
        self.running.get_mut(name).expect("it was just started")
    }
}
