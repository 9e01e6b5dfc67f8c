//! What a database URL must be like before a connection is tried with it.

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{borrow::Cow, net::IpAddr, str::FromStr};

/// Why a connection is not even tried. Repeats nothing of the URL.
#[derive(Debug, thiserror::Error)]
pub enum BadDatabaseUrl {
    /// It does not parse.
    #[error("must be a URL such as postgresql://user:password@host:5432/name")]
    NotAUrl,
    /// The server would choose the database named like the user, which is never meant.
    #[error(
        "names no database: it must end in /name, as in postgresql://user:password@host:5432/name"
    )]
    NoDatabase,
    /// Passwords and everything else would cross a public network readable.
    #[error(
        "reaches its server over a public network, where TLS cannot be off: leave sslmode out, or use sslmode=require or verify-full"
    )]
    Plaintext,
}

/// Whether a connection can be tried with this URL.
///
/// # Errors
/// It is no URL of PostgreSQL, or one that would do without TLS where others can listen.
pub fn check_url(url: &SecretString) -> Result<(), BadDatabaseUrl> {
    options(url).map(drop)
}

/// How to connect. Over a public network TLS is required (OWASP ASVS 5.0, 12.3.1): left to itself, sqlx falls back to
/// plaintext when a server, or somebody in between, says that it has no TLS.
///
/// # Errors
/// As [`check_url`].
pub fn options(url: &SecretString) -> Result<PgConnectOptions, BadDatabaseUrl> {
    let url = without_driver(url.expose_secret()).ok_or(BadDatabaseUrl::NotAUrl)?;
    let options = PgConnectOptions::from_str(&url).map_err(|_| BadDatabaseUrl::NotAUrl)?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(BadDatabaseUrl::NoDatabase);
    }
    if options.get_socket().is_some() || !is_public(options.get_host()) {
        return Ok(options);
    }
    match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow => Err(BadDatabaseUrl::Plaintext),
        PgSslMode::Prefer => Ok(options.ssl_mode(PgSslMode::Require)),
        _ => Ok(options),
    }
}

/// The URL as PostgreSQL knows it, of one that also names a driver as SQLAlchemy's do (`postgresql+asyncpg://`). `None` if
/// it is for another database.
pub(crate) fn without_driver(url: &str) -> Option<Cow<'_, str>> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme.split_once('+') {
        None if matches!(scheme, "postgres" | "postgresql") => Some(url.into()),
        // What asyncpg calls `ssl` is `sslmode` everywhere else.
        Some(("postgres" | "postgresql", _)) => {
            let rest = rest
                .replace("?ssl=", "?sslmode=")
                .replace("&ssl=", "&sslmode=");
            Some(format!("postgresql://{rest}").into())
        }
        _ => None,
    }
}

/// Which database on which server; no user, no password.
pub fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_default();
    match options.get_socket() {
        Some(socket) => format!("{database} on {}", socket.display()),
        None => format!(
            "{database} on {}:{}",
            options.get_host(),
            options.get_port()
        ),
    }
}

/// Whether the way to `host` may lead over a network that is not our own. A name without a dot is a neighbour of the
/// container; the listed endings are never in the public DNS (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`).
pub(crate) fn is_public(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    if host.starts_with('/') {
        return false;
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local()),
        Ok(IpAddr::V6(ip)) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        Err(_) => host.rsplit_once('.').is_some_and(|(_, last)| {
            let ours = ["internal", "local", "localhost", "lan", "arpa", "test"];
            !ours.contains(&last.to_ascii_lowercase().as_str())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(host_and_query: &str) -> Result<PgSslMode, BadDatabaseUrl> {
        options(&format!("postgresql://user:password@{host_and_query}").into())
            .map(|options| options.get_ssl_mode())
    }

    #[test] // R41
    fn tls_is_required_where_others_can_listen() {
        for host in [
            "roundhouse.proxy.rlwy.net:41234",
            "db.abc123.eu-west-1.rds.amazonaws.com:5432",
            "8.8.8.8",
            "[2001:db8::1]:5432",
        ] {
            let default = mode(&format!("{host}/name"));
            assert!(matches!(default, Ok(PgSslMode::Require)), "{host}");
            let prefer = mode(&format!("{host}/name?sslmode=prefer"));
            assert!(matches!(prefer, Ok(PgSslMode::Require)), "{host}");
            let full = mode(&format!("{host}/name?sslmode=verify-full"));
            assert!(matches!(full, Ok(PgSslMode::VerifyFull)), "{host}");
            for off in ["disable", "allow"] {
                let off = mode(&format!("{host}/name?sslmode={off}"));
                assert!(matches!(off, Err(BadDatabaseUrl::Plaintext)), "{host}");
            }
        }
    }

    #[test]
    fn a_network_of_our_own_needs_no_tls() {
        for host in [
            "localhost",
            "127.0.0.1:5432",
            "[::1]:5432",
            "postgres:5432",
            "postgres.railway.internal:5432",
            "10.1.2.3",
            "192.168.1.5",
            "[fd12::5]:5432",
        ] {
            let default = mode(&format!("{host}/name"));
            assert!(matches!(default, Ok(PgSslMode::Prefer)), "{host}");
            let off = mode(&format!("{host}/name?sslmode=disable"));
            assert!(matches!(off, Ok(PgSslMode::Disable)), "{host}");
        }
    }

    #[test]
    fn the_driver_of_sqlalchemy_is_passed_over() {
        for scheme in [
            "postgresql+asyncpg",
            "postgres+asyncpg",
            "postgresql+psycopg2",
        ] {
            let url = format!("{scheme}://user:password@db.example.com/name?ssl=verify-full");
            let options = options(&url.into()).unwrap();
            assert!(
                matches!(options.get_ssl_mode(), PgSslMode::VerifyFull),
                "{scheme}"
            );
            assert_eq!(place(&options), "name on db.example.com:5432");
        }
        let other = options(&"mysql+asyncmy://user:password@host/name".into());
        assert!(matches!(other, Err(BadDatabaseUrl::NotAUrl)));
    }

    #[test]
    fn a_url_must_name_a_database() {
        for url in [
            "postgresql://user:password@host:5432",
            "postgresql://user:password@host/",
        ] {
            let refused = options(&url.into());
            assert!(matches!(refused, Err(BadDatabaseUrl::NoDatabase)), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_postgresql_is_refused() {
        for url in ["", "mysql://host/name", "postgresql://host:port/name"] {
            let refused = options(&url.into());
            assert!(matches!(refused, Err(BadDatabaseUrl::NotAUrl)), "{url}");
        }
    }
}
