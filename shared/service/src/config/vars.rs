//! Reading variables one by one, remembering every fault.

use super::{OperatorConfig, RateLimits, Via};

use db::{BadDatabaseUrl, Connections, Roles, check_url};
use secrecy::SecretString;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    fmt::Display,
    str::FromStr,
    time::Duration,
};
use tenant_auth::RootSecret;

/// The environment, and what was found wrong with it.
pub(super) struct Vars {
    vars: HashMap<String, String>,
    read: RefCell<BTreeSet<String>>,
    pub(super) faults: Vec<String>,
}

impl Vars {
    pub(super) fn new(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let set = vars
            .into_iter()
            .filter(|(_, value)| !value.trim().is_empty());
        Self {
            vars: set.collect(),
            read: RefCell::default(),
            faults: Vec::new(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = self.vars.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(value.trim().to_owned())
    }

    /// The names of the settings that are set, in order: what was read, and what is read before there are [`Vars`].
    pub(super) fn set(self) -> Vec<String> {
        let before = ["RUST_LOG", "SECRETS_ARN"].map(String::from);
        let before = before
            .into_iter()
            .filter(|name| self.vars.contains_key(name));
        let mut set = self.read.into_inner();
        set.extend(before);
        set.into_iter().collect()
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// A key of somebody else's service, which is sent in a header.
    pub(super) fn key(&mut self, name: &str) -> Option<SecretString> {
        let key = self.parsed(name, |key| {
            let is_one = key.bytes().all(|b| b.is_ascii_graphic());
            let why = "must be one key alone, without spaces and line breaks";
            is_one.then(|| key.to_owned()).ok_or(why)
        });
        key.map(SecretString::from)
    }

    pub(super) fn fault(&mut self, name: &str, what: impl Display) {
        self.faults.push(format!("{name} {what}"));
    }

    /// A value read by `parse`; `None` if it is not set or faulty.
    pub(super) fn parsed<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(&self.get(name)?) {
            Ok(value) => Some(value),
            Err(e) => {
                self.fault(name, e);
                None
            }
        }
    }

    /// Names of hosts, separated by commas.
    pub(super) fn hosts(&mut self, name: &str) -> Vec<String> {
        let parse = |text: &str| {
            let hosts = text.split(',').map(|host| host.trim().to_ascii_lowercase());
            let hosts: Vec<String> = hosts.filter(|host| !host.is_empty()).collect();
            let is_whole = |host: &String| !host.contains('*') && url::Host::parse(host).is_ok();
            match hosts.iter().all(is_whole) {
                true => Ok(hosts),
                false => Err(
                    "must be names of hosts, each whole, without scheme and port, separated by commas",
                ),
            }
        };
        self.parsed(name, parse).unwrap_or_default()
    }

    /// A whole number between two bounds.
    pub(super) fn number<N: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        name: &str,
        default: N,
        min: N,
        max: N,
    ) -> N {
        let read = self.parsed(name, |text| match text.parse() {
            Ok(n) if (min..=max).contains(&n) => Ok(n),
            _ => Err(format!("must be a whole number from {min} to {max}")),
        });
        read.unwrap_or(default)
    }

    /// One of some words.
    pub(super) fn choice<const N: usize>(
        &mut self,
        name: &str,
        words: [&'static str; N],
    ) -> Option<&'static str> {
        self.parsed(name, |text| {
            let known = words.into_iter().find(|word| *word == text);
            known.ok_or_else(|| format!("must be {}", words.join(" or ")))
        })
    }

    /// How often something may be done.
    pub(super) fn rate_limits(&mut self) -> RateLimits {
        let mut most = |name: &str, default| self.number(name, default, 1, 1_000_000);
        RateLimits {
            changes_by_user: most("CHANGES_PER_MINUTE_BY_USER", 300),
            changes_by_tenant: most("CHANGES_PER_MINUTE_BY_TENANT", 1000),
            searches_by_user: most("SEARCHES_PER_MINUTE_BY_USER", 60),
            searches_by_tenant: most("SEARCHES_PER_MINUTE_BY_TENANT", 600),
            visitors_by_network: most("VISITORS_PER_MINUTE_BY_NETWORK", 30),
            visitor_questions_by_network: most("VISITOR_QUESTIONS_PER_MINUTE_BY_NETWORK", 60),
        }
    }

    /// Who is believed about a client's address. Railway sets its variables in every deployment.
    pub(super) fn client_via(&mut self) -> Via {
        let hops = self.number("TRUSTED_PROXY_HOPS", 0, 0, 10);
        match (hops, self.get("TRUSTED_PROXY_HOPS")) {
            (0, None) if self.get("RAILWAY_PROJECT_ID").is_some() => Via::Railway,
            (0, _) => Via::Direct,
            (hops, _) => Via::Proxies(hops),
        }
    }

    pub(super) fn required(&mut self, name: &str) -> Option<SecretString> {
        let value = self.secret(name);
        if value.is_none() {
            let example = match name {
                "DATABASE_URL" => "postgresql://user:password@host:5432/name",
                _ => "what `openssl rand -base64 48` prints",
            };
            self.fault(name, format!("is required, such as {example}"));
        }
        value
    }

    pub(super) fn usable<T, E: Display>(&mut self, name: &str, made: Result<T, E>) -> Option<T> {
        made.map_err(|e| self.fault(name, e)).ok()
    }

    /// How the restricted roles log in. `root` is missing when `SECRET_KEY` is at fault.
    pub(super) fn connections(&mut self, root: Option<&RootSecret>) -> Option<Connections> {
        let database_url = self.required("DATABASE_URL");
        let roles = self.roles();
        let (default, most, max_platform_connections, may_have_replica) = CONNECTIONS;
        let max_connections = self.number("DATABASE_MAX_CONNECTIONS", default, 1, most);
        let queue = self.number("DATABASE_QUEUE_MILLISECONDS", 500, 1, 60_000);
        let wait = self.number("DATABASE_REPLICA_MILLISECONDS", 100, 1, 10_000);
        let has_replica = self.get("DATABASE_REPLICA_URL").is_some() && may_have_replica;
        let (database_url, root, roles) = (database_url?, root?, roles?);
        let mut role_urls = |own: Option<&str>, role: &str| {
            let own = own.and_then(|name| Some((name, self.secret(name)?)));
            let (name, urls) = match own {
                Some((name, url)) => (name, roles.logins_unless_named(&url, role, root)),
                None => ("DATABASE_URL", roles.logins(&database_url, role, root)),
            };
            let urls = urls.map_err(|_| BadDatabaseUrl::NotAUrl);
            let checked = urls.and_then(|urls| urls.iter().try_for_each(check_url).map(|()| urls));
            self.usable(name, checked)
        };
        Some(Connections {
            app_urls: role_urls(Some("APP_DATABASE_URL"), &roles.app())?,
            platform_urls: role_urls(Some("PLATFORM_DATABASE_URL"), &roles.platform())?,
            // Notifications do not come through a pooler.
            listen_urls: role_urls(None, &roles.app())?,
            replica_urls: match has_replica {
                true => role_urls(Some("DATABASE_REPLICA_URL"), &roles.app())?,
                false => Vec::new(),
            },
            replica_wait: Duration::from_millis(wait),
            max_connections,
            max_platform_connections,
            queue: Duration::from_millis(queue),
            acquire_timeout: Duration::from_secs(2),
            ask_returned: false,
            memory: Duration::from_secs(5),
        })
    }

    /// What only the operator's commands need.
    pub(super) fn operator(&mut self) -> Option<OperatorConfig> {
        let root = self.root();
        let database_url = self.required("DATABASE_URL");
        let roles = self.roles();
        Some(OperatorConfig {
            database_url: database_url?,
            root: root?,
            roles: roles?,
        })
    }

    fn roles(&mut self) -> Option<Roles> {
        let prefix = self.get("ROLE_PREFIX").unwrap_or_else(|| "parlance".into());
        self.usable("ROLE_PREFIX", Roles::new(&prefix))
    }

    /// A misspelt setting must not be passed over in silence; no setting of ours has a prefix.
    pub(super) fn refuse_unknown(&mut self) {
        let mut unknown: Vec<_> = self
            .vars
            .keys()
            .filter(|name| name.starts_with("PARLANCE_"))
            .cloned()
            .collect();
        unknown.sort();
        for name in unknown {
            self.fault(
                &name,
                "is not a setting; the settings have no prefix (see `parlance --help`)",
            );
        }
    }
}

/// Connections of the app role, how many are allowed, those of the platform role, and whether there may be some to a replica,
/// too. A function serves one request at a time, and there may be hundreds of it; a container serves many.
const CONNECTIONS: (u32, u32, u32, bool) = match cfg!(feature = "lambda") {
    true => (2, 2, 1, false),
    false => (10, 1000, 2, true),
};
