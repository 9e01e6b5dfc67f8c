//! `parlance migrate --plan`: what pending migrations would lock, in words.

use db::{MIGRATOR, Operator, Plan, Planned, PlannedTable};
use secrecy::SecretString;
use service::OperatorConfig;

/// Bytes in a second of what a migration reads, of a table that it builds an index of, and of what it writes anew, with its indexes:
/// of a small server with a disk of its own. A larger one is faster.
const READ: f64 = 100e6;
const BUILT: f64 = 30e6;
const WRITTEN: f64 = 20e6;

/// What `parlance migrate` would do, without doing it: in a database that is made where `try_on` connects to, or else
/// `DATABASE_URL`, and dropped again.
///
/// # Errors
/// As [`run`](crate::run); and that login may not make a database and roles.
pub async fn plan(try_on: Option<SecretString>) -> anyhow::Result<String> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    let scratch = try_on.unwrap_or(database_url);
    let plan = operator.plan(&MIGRATOR, &scratch, &root).await?;
    Ok(told(operator.place(), &plan))
}

fn told(place: &str, plan: &Plan) -> String {
    let pending = plan.pending.len();
    let mut lines = vec![match (plan.applied, pending) {
        (0, _) => {
            return format!(
                "The database {place} has no schema yet: {pending} migrations make it, and lock nothing that anybody uses."
            );
        }
        (applied, 0) => {
            return format!("The database {place} has all {applied} migrations. None is pending.");
        }
        (applied, _) => format!(
            "The database {place} has {applied} migrations, and {pending} are pending. Nothing was changed."
        ),
    }];
    for one in &plan.pending {
        lines.push(String::new());
        lines.push(format!("{:04} {}", one.version, one.name));
        lines.extend(one.tables.iter().map(table));
        lines.push(time(one));
    }
    lines.join("\n")
}

fn table(table: &PlannedTable) -> String {
    let who = match table.lock {
        "ACCESS EXCLUSIVE" => "nobody reads or writes it",
        "SHARE" | "SHARE ROW EXCLUSIVE" | "EXCLUSIVE" => "nobody writes to it",
        _ => "others read and write it",
    };
    let mut done = Vec::new();
    if table.is_rewritten {
        done.push("is rewritten".to_owned());
    } else if table.is_written {
        done.push("rows may change".to_owned());
    } else if table.is_read && table.indexes.is_empty() {
        done.push("is read".to_owned());
    }
    let indexes = table.indexes.iter();
    done.extend(indexes.map(|index| format!("the index {index} is built")));
    if !done.is_empty() {
        done.insert(0, String::new());
    }
    let size = table.size;
    format!(
        "  {}: {}, {who}{}; {} rows, {}",
        table.name,
        table.lock,
        done.join("; "),
        size.rows,
        bytes(size.bytes + size.index_bytes)
    )
}

fn time(planned: &Planned) -> String {
    let seconds: f64 = planned.tables.iter().map(seconds).sum();
    let about = duration(seconds);
    match (planned.tables.is_empty(), planned.in_transaction) {
        (true, _) => "  locks nothing that is there".to_owned(),
        (_, true) => format!("  all of it locked until it ends: {about}"),
        (_, false) => format!("  in no transaction, while others go on: {about}"),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "about how long is all that is asked"
)]
fn seconds(table: &PlannedTable) -> f64 {
    let (rows, indexes) = (table.size.bytes as f64, table.size.index_bytes as f64);
    let written = match table.is_rewritten || table.is_written {
        true => (rows + indexes) / WRITTEN,
        false => 0.0,
    };
    let read = match table.is_read {
        true => rows / READ,
        false => 0.0,
    };
    written + read + table.indexes.len() as f64 * rows / BUILT
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..1.0 => "a moment".to_owned(),
        ..90.0 => format!("about {seconds:.0} s"),
        ..5400.0 => format!("about {:.0} min", seconds / 60.0),
        _ => format!("about {:.0} h", seconds / 3600.0),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "about how much is all that is asked"
)]
fn bytes(bytes: i64) -> String {
    match bytes as f64 {
        ..1e6 => format!("{} kB", bytes / 1000),
        ..1e9 => format!("{} MB", bytes / 1_000_000),
        some => format!("{:.1} GB", some / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::Size;

    fn planned(in_transaction: bool, table: PlannedTable) -> Plan {
        let tables = vec![table];
        let one = Planned {
            version: 7,
            name: "things".into(),
            in_transaction,
            tables,
        };
        Plan {
            applied: 6,
            pending: vec![one],
        }
    }

    fn things() -> PlannedTable {
        PlannedTable {
            name: "things".into(),
            lock: "ACCESS EXCLUSIVE",
            is_rewritten: false,
            indexes: Vec::new(),
            is_read: false,
            is_written: false,
            size: Size {
                rows: 1_000_000,
                bytes: 600_000_000,
                index_bytes: 200_000_000,
            },
        }
    }

    #[test]
    fn what_only_changes_the_catalogue_takes_a_moment() {
        assert_eq!(
            told("here", &planned(true, things())),
            "The database here has 6 migrations, and 1 are pending. Nothing was changed.\n\n0007 things\n  \
             things: ACCESS EXCLUSIVE, nobody reads or writes it; 1000000 rows, 800 MB\n  \
             all of it locked until it ends: a moment"
        );
    }

    #[test]
    fn what_is_rewritten_or_read_takes_as_long_as_it_is_large() {
        let rewritten = PlannedTable {
            is_rewritten: true,
            ..things()
        };
        let told_of = |in_transaction, table| told("here", &planned(in_transaction, table));
        let text = told_of(true, rewritten);
        assert!(text.contains("; is rewritten; "), "{text}");
        assert!(text.ends_with("until it ends: about 40 s"), "{text}");
        let read = PlannedTable {
            lock: "SHARE ROW EXCLUSIVE",
            is_read: true,
            ..things()
        };
        let text = told_of(true, read);
        assert!(text.contains("nobody writes to it; is read; "), "{text}");
        assert!(text.ends_with("until it ends: about 6 s"), "{text}");
        let built = PlannedTable {
            lock: "SHARE UPDATE EXCLUSIVE",
            indexes: vec!["things_name".into()],
            ..things()
        };
        let text = told_of(false, built);
        assert!(
            text.contains("others read and write it; the index things_name is built; "),
            "{text}"
        );
        assert!(text.ends_with("while others go on: about 20 s"), "{text}");
    }
}
