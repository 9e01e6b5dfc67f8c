//! What is measured: a build of the service, a deployment, or the bare handler.

use crate::{
    client::Server,
    compare::BARE,
    cpu::Meter,
    load::{Tokens, refresh},
    provider::Provider,
    rows::Row,
    seed::{self, Login},
    service::{Program, Service},
};
use anyhow::{Context, Result};

/// One of those that are compared.
pub struct Subject {
    /// What the table calls it.
    pub name: &'static str,
    pub server: Server,
    pub login: Login,
    tokens: Tokens,
    /// A member and an administrator of another tenant; none of a deployment.
    neighbours: Option<[Login; 2]>,
    /// None of a deployment.
    program: Option<Program>,
    service: Option<Service>,
    /// What the program asks; every one has its own, which finds its own passages.
    provider: Option<Provider>,
}

impl Subject {
    /// A deployment.
    pub async fn elsewhere(name: &'static str, server: Server, login: Login) -> Result<Self> {
        let tokens = login.tokens(&server).await.context("the login failed")?;
        Ok(Self {
            name,
            server,
            login,
            tokens,
            neighbours: None,
            program: None,
            service: None,
            provider: None,
        })
    }

    /// A build, whose database is filled by itself.
    pub async fn here(name: &'static str, program: Program, provider: Provider) -> Result<Self> {
        let (service, people) = seed::begin(&program).await?;
        let own = Self::elsewhere(name, service.server.clone(), people.member).await?;
        Ok(Self {
            neighbours: Some(people.neighbours),
            program: Some(program),
            provider: Some(provider),
            ..own
        })
    }

    /// The bare handler; `filled_by` fills its database.
    pub async fn bare(filled_by: Program, provider: Provider) -> Result<Self> {
        let own = Self::here(BARE, filled_by.clone(), provider).await?;
        Ok(Self {
            program: Some(filled_by.bare()?),
            ..own
        })
    }

    /// Whether it does the work of `row`.
    pub fn does(&self, row: Row) -> bool {
        self.name != BARE || row.has_bare()
    }

    /// Starts it: what the row before left in its memory is not this one's.
    pub async fn begin(&mut self) -> Result<()> {
        if let Some(program) = &self.program {
            let service = program.serve().await?;
            self.server = service.server.clone();
            self.service = Some(service);
        }
        if self.name != BARE {
            self.tokens = self
                .server
                .ask(&refresh(&self.tokens.refresh_token))
                .await?;
        }
        Ok(())
    }

    /// Stops it, so that it takes nothing from the next.
    pub fn end(&mut self) {
        self.service = None;
    }

    pub fn token(&self) -> &str {
        &self.tokens.access_token
    }

    /// How to start it again, and its process.
    pub fn own(&self) -> Result<(&Program, u32)> {
        let own = self.program.as_ref().zip(self.service.as_ref());
        let (program, service) = own.context("this needs a service that is started here")?;
        Ok((program, service.process()?))
    }

    /// The tokens of a member and an administrator of another tenant.
    pub async fn neighbours(&self) -> Result<[String; 2]> {
        let neighbours = self.neighbours.as_ref();
        let [member, admin] = neighbours.context("this needs a service that is started here")?;
        let [member, admin] = [
            member.tokens(&self.server).await?,
            admin.tokens(&self.server).await?,
        ];
        Ok([member.access_token, admin.access_token])
    }

    /// What it asks; none of a deployment.
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// What its requests cost.
    pub fn meter(&self, database: Option<u32>) -> Result<Meter> {
        let service = self.service.as_ref().map(Service::process).transpose()?;
        Ok(Meter { service, database })
    }
}
