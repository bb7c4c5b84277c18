//! What an existing database must have: tables, columns of a kind, a key, and a login that may add
//! triggers. Everything that is missing is named, not the first thing only.

use tokio_postgres::Client;

/// One column of a table that we read or write.
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    /// text, number, boolean, time or other.
    kind: &'static str,
    /// The table whose `id` it names.
    pub(super) references: Option<&'static str>,
    /// How it says whose the row is.
    pub(super) tenant: Tenant,
}

/// What a column says about whose its row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tenant {
    Nothing,
    /// It is the organisation.
    Organization,
    /// It is the site.
    Site,
    /// The row is whose the row is that this column names.
    Parent,
}

/// All of them, tables after the tables that they name.
pub(super) fn columns() -> Vec<Column> {
    let lines = include_str!("../../../../migrations/adopt/needs.tsv").lines().skip(1);
    lines
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some(Column {
                table: fields.next()?,
                name: fields.next()?,
                kind: fields.next()?,
                references: fields.next().filter(|table| !table.is_empty()),
                tenant: match fields.next()? {
                    "organization" => Tenant::Organization,
                    "site" => Tenant::Site,
                    "parent" => Tenant::Parent,
                    _ => Tenant::Nothing,
                },
            })
        })
        .collect()
}

/// The tables in that order.
pub(super) fn tables(columns: &[Column]) -> Vec<&'static str> {
    let mut tables: Vec<&'static str> = columns.iter().map(|column| column.table).collect();
    tables.dedup();
    tables
}

/// One line for each thing that is missing.
pub(super) async fn missing(client: &Client) -> anyhow::Result<Vec<String>> {
    let columns = columns();
    let mut missing = rights(client).await?;
    let [tables, names, kinds] = [
        columns.iter().map(|column| column.table).collect::<Vec<_>>(),
        columns.iter().map(|column| column.name).collect(),
        columns.iter().map(|column| column.kind).collect(),
    ];
    let rows = client.query(COLUMNS, &[&tables, &names, &kinds]).await?;
    for row in &rows {
        missing.push(row.try_get(0)?);
    }
    Ok(missing)
}

/// Tables, columns and keys that are not there or not as they must be.
const COLUMNS: &str = "
    WITH needed AS (
        SELECT n.tbl, n.col, n.kind, to_regclass('public.' || quote_ident(n.tbl)) AS rel
        FROM unnest($1::text[], $2::text[], $3::text[]) AS n(tbl, col, kind)
    ), found AS (
        SELECT n.*, a.attname, format_type(a.atttypid, a.atttypmod) AS type,
               CASE t.typcategory WHEN 'S' THEN 'text' WHEN 'E' THEN 'text' WHEN 'N' THEN 'number'
                    WHEN 'B' THEN 'boolean' WHEN 'D' THEN 'time' ELSE 'other' END AS is_kind
        FROM needed n
        LEFT JOIN pg_attribute a
            ON a.attrelid = n.rel AND a.attname = n.col AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_type t ON t.oid = a.atttypid
    )
    SELECT DISTINCT format('table %s is missing', tbl) FROM found WHERE rel IS NULL
    UNION ALL
    SELECT format('column %s.%s is missing', tbl, col) FROM found
    WHERE rel IS NOT NULL AND attname IS NULL
    UNION ALL
    SELECT format('column %s.%s is %s, and it must be a %s', tbl, col, type, kind) FROM found
    WHERE attname IS NOT NULL AND is_kind <> kind
    UNION ALL
    SELECT DISTINCT format('table %s has no key that is its id alone', tbl) FROM found
    WHERE rel IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'id'
        WHERE i.indrelid = rel AND i.indisunique AND i.indpred IS NULL
          AND i.indkey::text = a.attnum::text)
    UNION ALL
    SELECT DISTINCT format('table %s belongs to %s, of whom this login is no member', tbl,
                           pg_get_userbyid(c.relowner))
    FROM found JOIN pg_class c ON c.oid = rel
    WHERE NOT pg_has_role(current_user, c.relowner, 'USAGE')
    ORDER BY 1";

async fn rights(client: &Client) -> anyhow::Result<Vec<String>> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int >= 150000,
                    current_setting('server_version'),
                    (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user),
                    has_database_privilege(current_database(), 'CREATE')",
            &[],
        )
        .await?;
    let mut missing = Vec::new();
    if !row.try_get::<_, bool>(0)? {
        missing.push(format!(
            "Postgres is {}, and it must be 15 or newer",
            row.try_get::<_, &str>(1)?
        ));
    }
    if !row.try_get::<_, bool>(2)? {
        missing.push("this login may not create roles".to_owned());
    }
    if !row.try_get::<_, bool>(3)? {
        missing.push("this login may not create a schema in this database".to_owned());
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_says_whose_its_rows_are() {
        let columns = columns();
        let tables = tables(&columns);
        assert!(tables.len() > 40);
        for table in &tables {
            let tenant = columns
                .iter()
                .find(|column| column.table == *table && column.tenant != Tenant::Nothing);
            let tenant = tenant.unwrap_or_else(|| panic!("{table} is anybody's"));
            if tenant.tenant == Tenant::Parent {
                let parent = tenant.references.unwrap();
                let place = |name: &str| tables.iter().position(|table| *table == name);
                assert!(place(parent) < place(table), "{table} comes before {parent}");
            }
        }
    }
}
