//! What must hold before the names change, and the sentences where it does not.

use crate::OperatorError;
use sqlx::PgConnection;

/// Why the messages are not partitioned.
#[derive(Debug, thiserror::Error)]
pub enum PartitionError {
    /// Something hangs on the table itself, and would stay behind.
    #[error(
        "something of this database depends on the table chat_messages itself, which this command cannot move: {}. Drop that, and make it again when this is done", .0.join("; ")
    )]
    Dependents(Vec<String>),
    /// The two tables are not alike.
    #[error(
        "chat_messages was changed since this was begun, or what was made beside it. What only one of them has: {}. Run `parlance partition-messages --abandon`, and begin again", .0.join("; ")
    )]
    Unlike(Vec<String>),
    /// The trigger does not work.
    #[error(
        "the trigger that carries over what is written is gone or switched off, so that something may be missing. Run `parlance partition-messages --abandon`, and begin again"
    )]
    NotFollowed,
    /// What was copied is not what is there.
    #[error(
        "the messages of the tenant {0} are not the same in both tables, so nothing was changed. Run `parlance partition-messages --abandon`, and begin again; report it, since this should not be"
    )]
    Unequal(uuid::Uuid),
    /// It was begun otherwise.
    #[error(
        "it is under way with {0} partitions. Leave --partitions out to go on, or run it with --abandon first"
    )]
    Partitions(u16),
    /// Giving it up has begun.
    #[error(
        "giving it up has begun, and what is written is not carried over any more. Run `parlance partition-messages --abandon` once more, and begin again"
    )]
    GivenUp,
    /// It cannot be given up any more.
    #[error(
        "chat_messages is partitioned already; all that is left to do is to drop the table as it was. Run it without --abandon"
    )]
    Changed,
    /// Another one does it.
    #[error("another `parlance partition-messages` is at work on this database")]
    Elsewhere,
    /// Somebody holds what has to be locked.
    #[error(
        "what has to be locked was in use by somebody else for minutes, such as by a backup; what was done stays. See the oldest `xact_start` in pg_stat_activity, and run `parlance partition-messages` again when that has ended"
    )]
    InUse,
    /// Migrations are pending, and would change one of the two tables alone.
    #[error(
        "chat_messages is being partitioned, and nothing may change it meanwhile. Let `parlance partition-messages` come to its end, or run it with --abandon, and then migrate"
    )]
    UnderWay,
}

/// What depends on the table or on the type of its rows, and is none of what is moved; and what it is that a partitioned one cannot be.
const DEPENDENTS: &str = "
    with whole as (
      select c.oid, c.reltype, c.relpersistence, c.relreplident, c.reltoastrelid, t.typarray
      from pg_class c join pg_type t on t.oid = c.reltype where c.oid = 'parlance.chat_messages'::regclass
    )
    select pg_describe_object(d.classid, d.objid, d.objsubid) from whole w, pg_depend d
    where (d.refclassid = 'pg_class'::regclass and d.refobjid = w.oid
           or d.refclassid = 'pg_type'::regclass and d.refobjid in (w.reltype, w.typarray))
      and not case d.classid
        when 'pg_class'::regclass then
          d.objid in (w.oid, w.reltoastrelid) or exists (select from pg_index i where i.indexrelid = d.objid and i.indrelid = w.oid and i.indisvalid)
        when 'pg_attrdef'::regclass then exists (select from pg_attrdef a where a.oid = d.objid and a.adrelid = w.oid)
        when 'pg_policy'::regclass then exists (select from pg_policy p where p.oid = d.objid and p.polrelid = w.oid)
        when 'pg_trigger'::regclass then
          exists (select from pg_trigger t where t.oid = d.objid and (t.tgisinternal or t.tgrelid = w.oid and t.tgname = 'carry_message'))
        when 'pg_type'::regclass then d.objid in (w.reltype, w.typarray)
        when 'pg_constraint'::regclass then
          exists (select from pg_constraint k where k.oid = d.objid
            and case k.conrelid when w.oid then k.confrelid <> w.oid
                else k.contype = 'f' and (select c.relkind = 'r' and c.relnamespace = 'parlance'::regnamespace from pg_class c where c.oid = k.conrelid) end)
        else false
      end
    union
    select 'the publication ' || p.pubname from pg_publication_tables p where (p.schemaname, p.tablename) = ('parlance', 'chat_messages')
    union
    select 'its replica identity, which is not the primary key' from whole where relreplident <> 'd'
    union
    select 'that it is not logged' from whole where relpersistence <> 'p'
    order by 1";

pub(super) async fn dependents(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(DEPENDENTS).fetch_all(connection).await
}

pub(super) async fn refuse_dependents(connection: &mut PgConnection) -> Result<(), OperatorError> {
    let found = dependents(connection).await?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(PartitionError::Dependents(found).into()),
    }
}

/// Whether the names may change: both are alike, and what is written is carried over.
pub(super) async fn unlike(
    connection: &mut PgConnection,
) -> Result<Option<PartitionError>, sqlx::Error> {
    let follows: bool = sqlx::query_scalar("select parlance.partitioning_follows()")
        .fetch_one(&mut *connection)
        .await?;
    if !follows {
        return Ok(Some(PartitionError::NotFollowed));
    }
    let sql = "select parlance.partitioning_differences()";
    let differences: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await?;
    Ok((!differences.is_empty()).then_some(PartitionError::Unlike(differences)))
}

pub(super) async fn refuse_unlike(connection: &mut PgConnection) -> Result<(), OperatorError> {
    match unlike(connection).await? {
        None => Ok(()),
        Some(why) => Err(why.into()),
    }
}
