//! `parlance erase` and `parlance erasures`.

use anyhow::{Context, Result, ensure};
use container::say;
use db::{Asked, Leaving, LeavingKind, Operator, RowCounts};
use service::{Clock, Config, OperatorConfig, Service};
use std::time::Duration;

/// How long to wait before asking again whether somebody still works on a tenant's documents.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Who is erased, and whether that is meant.
#[derive(clap::Args)]
pub(crate) struct Erase {
    /// The slug of the tenant
    #[arg(long)]
    tenant: String,
    /// Erase only this user of it: an address, or the id of a user or visitor
    #[arg(long)]
    user: Option<String>,
    /// The slug once more, and it is done; without it, it only says how much there is
    #[arg(long)]
    confirm: Option<String>,
    /// Go on though the tenant's vectors cannot be deleted where they are, such as at Pinecone with a key that is good no more
    #[arg(long)]
    leave_vectors: bool,
}

impl Erase {
    pub(crate) async fn run(&self) -> Result<()> {
        if let Some(confirmed) = self.confirm.as_ref() {
            ensure!(
                *confirmed == self.tenant,
                "Nothing was erased: --confirm says `{confirmed}`, and the tenant is `{}`",
                self.tenant
            );
        }
        let OperatorConfig {
            database_url,
            roles,
            ..
        } = OperatorConfig::from_env().await?;
        let service = Service::new(Config::from_env().await?, Clock::System)?;
        let mut operator = Operator::connect(&database_url, roles).await?;
        let leaving = operator
            .leaving(&service.db, &self.tenant, self.user.as_deref())
            .await?;
        let found = service.db.rows_of(&leaving).await?;
        if self.confirm.is_none() {
            say(&listed(&found))?;
            return say(&format!(
                "Nothing was erased. Repeat it with --confirm {}",
                self.tenant
            ));
        }
        let leaving = operator
            .begin_erasure(leaving, self.user.as_deref(), &found)
            .await?;
        match leaving.kind() {
            LeavingKind::Tenant => self.tenant(&mut operator, &service, &leaving).await?,
            LeavingKind::User | LeavingKind::Visitor => {
                service.db.delete_in_steps(&leaving).await?;
                service.db.delete_person(&leaving, &asked()).await?;
            }
        }
        let kept = service.db.rows_of(&leaving).await?;
        let receipt = operator.end_erasure(&leaving, &kept).await?;
        service.db.close().await;
        say(&serde_json::to_string_pretty(&receipt)?)
    }

    async fn tenant(
        &self,
        operator: &mut Operator,
        service: &Service,
        leaving: &Leaving,
    ) -> Result<()> {
        let db = &service.db;
        db.close_tenant(leaving).await?;
        if db.is_worked_on(leaving).await? {
            say("Waiting until nobody works on its documents: a minute at most.")?;
            while db.is_worked_on(leaving).await? {
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
        if let Some(caller) = db.leaving_caller(leaving, &asked()).await? {
            let vectors = match service.clear_index(&caller).await {
                Ok(None) => "none elsewhere".to_owned(),
                Ok(Some(namespaces)) => format!("deleted: {namespaces} namespaces"),
                Err(e) if self.leave_vectors => format!("left where they are: {e}"),
                Err(e) => {
                    return Err(e).context(
                        "the tenant's vectors could not be deleted; nothing else was, and nobody comes in. Run it again, or with --leave-vectors",
                    );
                }
            };
            operator.note_vectors(leaving, &vectors).await?;
        }
        db.delete_in_steps(leaving).await?;
        operator.drop_tenant(leaving).await?;
        Ok(db.delete_after(leaving).await?)
    }
}

/// `parlance erasures`.
pub(crate) async fn list() -> Result<()> {
    let OperatorConfig {
        database_url,
        roles,
        ..
    } = OperatorConfig::from_env().await?;
    let mut operator = Operator::connect(&database_url, roles).await?;
    for receipt in operator.erasures().await? {
        say(&serde_json::to_string(&receipt)?)?;
    }
    Ok(())
}

fn asked() -> Asked {
    Asked::by_operator("parlance erase", Clock::System.now())
}

fn listed(found: &RowCounts) -> String {
    let lines = found.iter().map(|(table, rows)| format!("{table}: {rows}"));
    lines.collect::<Vec<_>>().join("\n")
}
