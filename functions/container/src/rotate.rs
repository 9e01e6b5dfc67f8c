//! `parlance rotate-keys`.

use anyhow::{Result, ensure};
use container::say;
use db::{Operator, Resealed, Resealing};
use service::{OperatorConfig, Rotation};

/// Seals again what another secret has sealed; or only counts it.
pub(crate) async fn run(only_count: bool) -> Result<()> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let rotation = Rotation::new(&root);
    let of = Resealing {
        start: &rotation.start(),
        seal: &|tenant, row| rotation.seal(tenant, row),
        keep: rotation.keep(),
        only_count,
    };
    let mut operator = Operator::connect(&database_url, roles).await?;
    let mut again = 0;
    let mut told = Ok(());
    let left = operator
        .reseal(&database_url, &root, &of, |one| {
            again += one.done;
            told = std::mem::replace(&mut told, Ok(())).and_then(|()| say(&line(one)));
        })
        .await?;
    told?;
    if !only_count {
        say(&format!(
            "Sealed again with the present SECRET_KEY: {again}."
        ))?;
    }
    say(&format!(
        "Left that another one has sealed: {}.",
        left.sealed
    ))?;
    if only_count {
        let follow = if left.logins {
            "do not follow"
        } else {
            "follow"
        };
        return say(&format!(
            "The passwords of the database's roles {follow} from the present SECRET_KEY."
        ));
    }
    ensure!(
        left.unreadable == 0,
        "{} of these cannot be opened with SECRET_KEY or SECRET_KEY_PREVIOUS. Add the secret that sealed them to SECRET_KEY_PREVIOUS; where it is lost, their tenants enter them again",
        left.unreadable
    );
    ensure!(
        !left.logins,
        "the database's roles do not have the passwords that follow from SECRET_KEY, since the login of DATABASE_URL may not change them. Let the server's administrator run what `parlance migrate --print-roles` prints"
    );
    ensure!(
        left.sealed == 0,
        "something was sealed with another secret meanwhile: by a process that still has that as its SECRET_KEY. Give each the present one, then run this again"
    );
    Ok(())
}

fn line(one: &Resealed) -> String {
    let whose = one.tenant.as_deref().unwrap_or("the deployment itself");
    let mut line = format!("{whose}: {} of {}", one.done, one.found);
    if one.unreadable > 0 {
        line.push_str(&format!("; {} cannot be opened", one.unreadable));
    }
    line
}
