//! Batches of several terminals: sums that nothing doubles, and an order that does not matter.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    fact::Draft,
    id::{
        EquipmentId, FieldId, Incarnation, ProductId, ReasonId, SiteId, StationId, TerminalId,
        UserId,
    },
    record::tables,
    row::Cell,
    time::{Boot, Stamp},
};

const NUMBER: &str = "B-1";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn origin(n: u128) -> Origin {
    Origin { terminal: TerminalId(id(n)), incarnation: Incarnation(1) }
}

fn stamp(second: i64) -> Stamp {
    Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 }
}

fn fact(origin: Origin, seq: u64, second: i64, body: Body) -> (Origin, Fact) {
    let boot = Boot(origin.terminal.to_string());
    let draft = Draft { at: stamp(second), boot, by: None, key: None, body, texts: vec![] };
    (origin, draft.seal(seq))
}

fn start(machine: u128, operators: &[u128], second: i64) -> Body {
    Body::BatchStarted(BatchStarted {
        equipment: EquipmentId(id(machine)),
        station: Some(StationId(id(2))),
        product: ProductId(id(4)),
        number: NUMBER.into(),
        work_order: None,
        target: Some(100),
        from: stamp(second),
        operators: operators.iter().map(|user| UserId(id(*user))).collect(),
        lease: None,
        special: Default::default(),
    })
}

fn complete(batch: RecordId, good: i64, scrap: i64) -> Body {
    let (counted_good, counted_scrap) = (good, scrap);
    let (scrapped, rework, scrap_reason) = (vec![], 0, None);
    Body::BatchCompleted {
        batch,
        good,
        scrap,
        scrap_reason,
        counted_good,
        counted_scrap,
        scrapped,
        rework,
    }
}

fn produced(batch: RecordId, good: i64) -> Body {
    Body::BatchProduced(BatchProduced { batch, good, scrap: 0, scrap_reason: None, rework: 0 })
}

fn aborted(batch: RecordId, good: i64) -> Body {
    Body::BatchAborted(BatchAborted {
        batch,
        reason: ReasonId(id(8)),
        good,
        scrap: 0,
        comment: None,
    })
}

/// All facts folded into the one batch of this name.
fn fold(canonical: RecordId, facts: &[(Origin, Fact)]) -> Batch {
    let mut batch = Batch::default();
    for (origin, fact) in facts {
        assert!(batch.apply(canonical, *origin, fact));
        let kept = serde_json::to_string(&batch).unwrap();
        assert_eq!(serde_json::from_str::<Batch>(&kept).unwrap(), batch);
    }
    batch
}

fn tenant() -> Tenant {
    Tenant { organization: "o".into(), site: SiteId(id(99)) }
}

fn details(batch: &Batch, canonical: RecordId, column: &str) -> Cell {
    let rows = batch.rows(canonical, &tenant());
    let row = rows.into_iter().find(|row| *row.table == tables::BATCH_DETAILS).unwrap();
    let place = row.table.columns.iter().position(|name| *name == column).unwrap();
    row.cells[place].clone()
}

fn count(batch: &Batch, canonical: RecordId, table: &crate::row::Table) -> usize {
    batch.rows(canonical, &tenant()).iter().filter(|row| row.table == table).count()
}

#[test]
fn what_was_kept_by_the_first_version_is_read() {
    let (a, record) = (origin(7), origin(7).record(1));
    let new = fold(
        record,
        &[fact(a, 1, 10, start(1, &[21], 10)), fact(a, 2, 20, complete(record, 4, 1))],
    );
    let mut old = serde_json::to_value(&new).unwrap();
    let only = old["completed"][0].clone();
    old["completed"] = only;
    assert_eq!(serde_json::from_value::<Batch>(old.clone()).unwrap(), new);
    old["completed"] = serde_json::Value::Null;
    assert!(serde_json::from_value::<Batch>(old).unwrap().own.ends.is_empty());
}

#[test]
fn what_an_end_confirms_is_not_added_to_what_was_told_before() {
    let (a, b) = (origin(7), origin(8));
    let record = a.record(1);
    let batch = fold(
        record,
        &[
            fact(a, 1, 10, start(1, &[], 10)),
            fact(a, 2, 20, produced(record, 10)),
            fact(b, 1, 30, produced(record, 5)),
            fact(a, 3, 40, complete(record, 25, 0)),
        ],
    );
    assert_eq!(details(&batch, record, "good_parts"), Cell::Int(30));
    assert_eq!(batch.conflicts(record), []);
}

#[test]
fn a_batch_given_up_has_its_reason_and_what_was_made() {
    let (a, record) = (origin(7), origin(7).record(1));
    let batch =
        fold(record, &[fact(a, 1, 10, start(1, &[], 10)), fact(a, 2, 20, aborted(record, 3))]);
    assert_eq!(details(&batch, record, "status"), Cell::Text("aborted".into()));
    assert_eq!(details(&batch, record, "abort_reason_id"), Cell::Uuid(id(8)));
    assert_eq!(details(&batch, record, "total_parts"), Cell::Int(3));
}

#[test]
fn a_batch_of_two_parts_ends_with_the_later_one() {
    let (a, b) = (origin(7), origin(8));
    let (record, other) = (a.record(1), b.record(1));
    let mut facts = vec![
        fact(a, 1, 10, start(1, &[21], 10)),
        fact(b, 1, 12, start(2, &[22], 12)),
        fact(a, 2, 50, complete(record, 40, 0)),
    ];
    let running = fold(record, &facts);
    assert_eq!(details(&running, record, "status"), Cell::Text("running".into()));
    facts.push(fact(b, 2, 90, complete(other, 60, 1)));
    let over = fold(record, &facts);
    assert_eq!(details(&over, record, "status"), Cell::Text("completed".into()));
    assert_eq!(details(&over, record, "total_parts"), Cell::Int(101));
    assert_eq!(count(&over, record, &tables::BATCH_OPERATORS), 2);
    assert_eq!(count(&over, record, &tables::BATCH_EQUIPMENT), 1);
    assert_eq!(count(&over, record, &tables::MACHINE_EVENT_EQUIPMENT), 2);
}

/// A step that any terminal may tell of, of the record of either.
fn step(pick: u8, value: i64, batch: RecordId) -> Body {
    let user = UserId(id(21 + u128::from(pick % 3)));
    let equipment = EquipmentId(id(1 + u128::from(pick % 4)));
    let further = || BatchEquipment { batch, equipment };
    match pick % 8 {
        0 => Body::BatchJoined { batch, user },
        1 => Body::BatchLeft { batch, user, at: None },
        2 => produced(batch, value),
        3 => complete(batch, value, 1),
        4 => aborted(batch, value),
        5 => Body::BatchEquipmentAdded(further()),
        6 => Body::BatchEquipmentRemoved(further()),
        _ => Body::BatchFieldSet(BatchFieldSet {
            batch,
            field: Field::Station { station: StationId(id(2)), field: FieldId(id(5)) },
            label: "Lot".into(),
            value: Some(FieldValue::Plain(value.to_string())),
        }),
    }
}

proptest! {
    /// Whatever two terminals tell of their two records of one batch, the order between them does
    /// not matter, telling it again changes nothing, and no part is counted twice.
    #[test]
    fn the_order_between_terminals_does_not_matter(
        told in prop::collection::vec((any::<bool>(), any::<bool>(), any::<u8>(), 0..9_i64, 11..99_i64), 0..14),
        picks in prop::collection::vec(any::<bool>(), 18),
    ) {
        let logs = [origin(7), origin(8)];
        let records = logs.map(|origin| origin.record(1));
        let mut sides = [
            vec![fact(logs[0], 1, 10, start(1, &[21], 10))],
            vec![fact(logs[1], 1, 11, start(2, &[22], 11))],
        ];
        for (side, of, pick, value, second) in told {
            let (side, of) = (usize::from(side), usize::from(of));
            let seq = sides[side].len() as u64 + 1;
            sides[side].push(fact(logs[side], seq, second, step(pick, value, records[of])));
        }
        let straight: Vec<_> = sides.iter().flatten().cloned().collect();
        let [mut left, mut right] = sides.map(|side| side.into_iter().peekable());
        let mut mixed = Vec::new();
        for pick in picks {
            mixed.extend(if pick { left.next() } else { right.next() });
        }
        mixed.extend(left.chain(right));
        let (one, two) = (fold(records[0], &straight), fold(records[0], &mixed));
        prop_assert_eq!(one.rows(records[0], &tenant()), two.rows(records[0], &tenant()));
        prop_assert_eq!(one.conflicts(records[0]), two.conflicts(records[0]));
        let twice: Vec<_> = mixed.iter().chain(&straight).cloned().collect();
        prop_assert_eq!(&fold(records[0], &twice), &two);
        let rows = two.rows(records[0], &tenant());
        let keys: std::collections::BTreeSet<_> =
            rows.iter().map(|row| format!("{}{:?}", row.table.name, row.cells[0])).collect();
        prop_assert_eq!(keys.len(), rows.len(), "every row has a key of its own");
    }
}
