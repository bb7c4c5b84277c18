//! Texts that headquarters asks this terminal to erase, from the rows of a feed.

use std::collections::BTreeMap;

use kart_store::Erasure;
use kart_wire::FeedRow;

/// All that these rows ask for. One that cannot be read asks for nothing.
pub(super) fn erasures(rows: &[FeedRow]) -> Vec<Erasure> {
    let asked = rows.iter().filter(|row| row.table == "edge.erasures");
    asked.filter_map(|row| erasure(row.row.as_deref()?)).collect()
}

fn erasure(row: &str) -> Option<Erasure> {
    let columns: BTreeMap<String, Option<String>> = serde_json::from_str(row).ok()?;
    let text = |column: &str| columns.get(column)?.as_deref();
    Some(Erasure {
        incarnation: text("incarnation")?.parse().ok()?,
        seq: text("seq")?.parse().ok()?,
        field: text("field")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::id::Incarnation;
    use kart_wire::Scope;

    #[test]
    fn rows_become_erasures() {
        let row = |table: &str, row: &str| FeedRow {
            scope: Scope::Terminal,
            table: table.to_owned(),
            key: "1".to_owned(),
            row: Some(row.to_owned()),
        };
        let rows = [
            row("edge.people", "{}"),
            row(
                "edge.erasures",
                r#"{"id": "x", "incarnation": "00000000000000a1", "seq": "7", "field": "comment"}"#,
            ),
            row("edge.erasures", r#"{"id": "y"}"#),
        ];
        let expected =
            Erasure { incarnation: Incarnation(0xa1), seq: 7, field: "comment".to_owned() };
        assert_eq!(erasures(&rows), [expected]);
    }
}
