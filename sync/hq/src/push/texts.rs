//! Erasable texts beside facts. A text is stored only when its fact commits to it, and erased as it
//! arrives when its author has been forgotten.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::fact::FactText;
use kart_planted::{Bug, planted};
use kart_wire::TextLine;
use serde_json::Value;
use uuid::Uuid;

use super::chain::Link;
use crate::{auth::Terminal, database::to_bigint, names::Names, privacy, quarantine::Held};

/// Longer than the name of any field, and short enough for a key.
const LONGEST_FIELD: usize = 64;

/// Stores the texts of new facts. Returns the facts that have a text they do not commit to.
pub(crate) async fn store(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    links: &[Link<'_>],
    texts: &[TextLine],
) -> Result<Vec<Held>, tokio_postgres::Error> {
    let (good, bad) = sort(links, texts);
    if good.is_empty() {
        return Ok(bad);
    }
    let late = late(tx, links, &good).await?;
    let kept: Vec<TextLine> = good.into_iter().map(|text| without(text, &late)).collect();
    insert(tx, terminal, &kept).await?;
    if !late.is_empty() {
        tracing::info!(facts = late.len(), "texts of people who were forgotten came and went");
        tell(tx, terminal, &late).await?;
    }
    Ok(bad)
}

/// The facts of these texts that are by people who have been forgotten meanwhile.
async fn late(
    tx: &Transaction<'_>,
    links: &[Link<'_>],
    texts: &[&TextLine],
) -> Result<BTreeSet<u64>, tokio_postgres::Error> {
    let meant: BTreeSet<u64> =
        texts.iter().filter(|text| text.text.is_some()).map(|text| text.seq).collect();
    let written = links.iter().filter(|link| meant.contains(&link.seq));
    let names = Names::read(tx).await?;
    let by: BTreeMap<u64, Uuid> =
        written.filter_map(|l| Some((l.seq, names.id(privacy::author(l.line)?)))).collect();
    let people: Vec<Uuid> = by.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let forgotten = privacy::forgotten(tx, &people).await?;
    Ok(by.into_iter().filter(|(_, by)| forgotten.contains(by)).map(|(seq, _)| seq).collect())
}

fn without(text: &TextLine, late: &BTreeSet<u64>) -> TextLine {
    let words = text.text.clone().filter(|_| !late.contains(&text.seq));
    TextLine { text: words, ..text.clone() }
}

/// Has the terminal erase the same.
async fn tell(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    late: &BTreeSet<u64>,
) -> Result<(), tokio_postgres::Error> {
    let seqs: Vec<i64> = late.iter().map(|seq| to_bigint(*seq)).collect();
    let Terminal { organization, site, id, incarnation } = terminal;
    tx.execute(
        "INSERT INTO edge.erasures
             (organization_id, site_id, terminal_id, incarnation, seq, field)
         SELECT x.organization_id, $2, x.terminal_id, x.incarnation, x.seq, x.field
         FROM edge.fact_texts x
         WHERE x.organization_id = $1 AND x.terminal_id = $3 AND x.incarnation = $4
           AND x.seq = ANY($5)
         ON CONFLICT DO NOTHING",
        &[organization, site, id, incarnation, &seqs],
    )
    .await?;
    Ok(())
}

/// The texts to be kept, and the facts that have one they do not commit to. A text of a fact that
/// is stored already is passed over.
pub fn sort<'t>(links: &[Link<'_>], texts: &'t [TextLine]) -> (Vec<&'t TextLine>, Vec<Held>) {
    let links: BTreeMap<u64, &Link<'_>> = links.iter().map(|link| (link.seq, link)).collect();
    let mut bad: BTreeMap<u64, Held> = BTreeMap::new();
    let mut good = Vec::new();
    for text in texts {
        let Some(link) = links.get(&text.seq) else { continue };
        if is_committed(link.line, text) || planted(Bug::TextUnchecked) {
            good.push(text);
        } else {
            let detail = "a text of this fact is not the one it commits to; it was not kept";
            bad.insert(text.seq, Held::note(text.seq, "bad_text", detail));
        }
    }
    (good, bad.into_values().collect())
}

async fn insert(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    texts: &[TextLine],
) -> Result<(), tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "INSERT INTO edge.fact_texts
                 (organization_id, terminal_id, incarnation, seq, field, salt, text, erased_at)
             SELECT $1, $2, $3, t.seq, t.field, t.salt, t.text,
                    CASE WHEN t.text IS NULL THEN now() END
             FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[])
                 AS t(seq, field, salt, text)",
        )
        .await?;
    let seqs: Vec<i64> = texts.iter().map(|text| to_bigint(text.seq)).collect();
    let fields: Vec<&str> = texts.iter().map(|text| text.field.as_str()).collect();
    let salts: Vec<Option<&str>> =
        texts.iter().map(|text| text.text.is_some().then_some(text.salt.as_str())).collect();
    let words: Vec<Option<&str>> = texts.iter().map(|text| text.text.as_deref()).collect();
    let (organization, id, incarnation) =
        (&terminal.organization, &terminal.id, &terminal.incarnation);
    tx.execute(&statement, &[organization, id, incarnation, &seqs, &fields, &salts, &words])
        .await?;
    Ok(())
}

/// Whether the line carries the commitment of the text, under the text's field: a point in its name
/// leads one step further in. Read from the JSON itself, so that it holds for kinds of facts that this
/// gateway does not know.
fn is_committed(line: &[u8], text: &TextLine) -> bool {
    if text.field.len() > LONGEST_FIELD {
        return false;
    }
    let Ok(value) = serde_json::from_slice::<Value>(line) else { return false };
    let body = value.get("fact").and_then(Value::as_object);
    let Some(promised) = body
        .and_then(|kinds| kinds.values().next())
        .and_then(|kind| text.field.split('.').try_fold(kind, |within, step| within.get(step)))
        .and_then(Value::as_str)
    else {
        return false;
    };
    let fact_text =
        FactText { field: text.field.clone(), salt: text.salt.clone(), text: text.text.clone() };
    // Postgres keeps no NUL. An erased text has nothing left to compare.
    let storable = [Some(&text.field), Some(&text.salt), text.text.as_ref()]
        .iter()
        .flatten()
        .all(|part| !part.contains('\0'));
    storable && fact_text.commitment().is_none_or(|commitment| commitment.0 == promised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: Option<&str>) -> TextLine {
        let salt = "00112233445566778899aabbccddeeff".to_owned();
        TextLine { seq: 1, field: "comment".to_owned(), salt, text: words.map(str::to_owned) }
    }

    #[test]
    fn of_the_forgotten_only_the_place_is_kept() {
        let late = BTreeSet::from([1]);
        assert_eq!(without(&text(Some("belt torn")), &late).text, None);
        let other = TextLine { seq: 2, ..text(Some("belt torn")) };
        assert_eq!(without(&other, &late), other);
        let key = Uuid::from_u128(7);
        let line = format!(r#"{{"seq":1,"by":"{key}","fact":{{"of_the_future":{{}}}}}}"#);
        assert_eq!(privacy::author(line.as_bytes()), Some(key));
        assert_eq!(privacy::author(br#"{"seq":1}"#), None);
    }

    #[test]
    fn only_the_committed_text_is_kept() {
        let given = text(Some("belt torn"));
        let commitment = FactText {
            field: given.field.clone(),
            salt: given.salt.clone(),
            text: given.text.clone(),
        }
        .commitment()
        .unwrap();
        let line =
            format!(r#"{{"seq":1,"fact":{{"of_the_future":{{"comment":"{}"}}}}}}"#, commitment.0);
        assert!(is_committed(line.as_bytes(), &given));
        assert!(is_committed(line.as_bytes(), &text(None)));
        assert!(!is_committed(line.as_bytes(), &text(Some("all fine"))));
        assert!(!is_committed(b"{\"seq\":1,\"fact\":{\"started\":{}}}", &given));

        let inside = TextLine { field: "value.text".to_owned(), ..text(Some("belt torn")) };
        let line = format!(
            r#"{{"seq":1,"fact":{{"batch_field_set":{{"value":{{"text":"{}"}}}}}}}}"#,
            commitment.0
        );
        assert!(is_committed(line.as_bytes(), &inside));
        assert!(!is_committed(line.as_bytes(), &TextLine { field: "value".to_owned(), ..inside }));
        assert!(!is_committed(line.as_bytes(), &given));

        let field = "x".repeat(LONGEST_FIELD + 1);
        let line = format!(r#"{{"seq":1,"fact":{{"of_the_future":{{"{field}":"promised"}}}}}}"#);
        assert!(!is_committed(line.as_bytes(), &TextLine { field, ..text(None) }));
    }
}
