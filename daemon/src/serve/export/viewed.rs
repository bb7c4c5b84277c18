//! What a view of hours makes of a shift, in columns beside what was punched.

use kart_api::export::Cell;
use kart_core::{
    hours::Rules,
    id::{RecordId, UserId},
    kpi::Span,
    reference::Reference,
    row,
    time::Micros,
};
use kart_store::{LaborEntry, Reader, StoreError};

use super::{super::labor::Book, thousandths};

/// Behind those of the table.
pub(super) const COLUMNS: [&str; 5] =
    ["view", "view_start_ts", "view_end_ts", "view_meal_minutes", "view_minutes"];

/// A row of hours: its key, whose it is, and from when to when.
fn place(cells: &[row::Cell]) -> Option<(RecordId, UserId, Span)> {
    let mut times = cells.iter().filter_map(|cell| match cell {
        row::Cell::Time(at) => Some(*at),
        _ => None,
    });
    match (cells.first(), cells.last(), times.next(), times.next()) {
        (Some(row::Cell::Uuid(user)), Some(row::Cell::Uuid(id)), Some(from), Some(until)) => {
            let until = Micros(until.0.saturating_add(1));
            Some((RecordId(*id), UserId(*user), Span { from, until }))
        },
        _ => None,
    }
}

/// What else is recorded of the person of each row in its time.
pub(super) fn read(
    reader: &Reader,
    rows: &[Vec<row::Cell>],
) -> Result<Vec<Vec<LaborEntry>>, StoreError> {
    let around = |cells: &Vec<row::Cell>| match place(cells) {
        Some((_, user, span)) => reader.labor(user, span),
        None => Ok(Vec::new()),
    };
    rows.iter().map(around).collect()
}

/// The cells of one row; empty ones for what is no shift that is over.
pub(super) fn cells(
    reference: &Reference,
    rules: &Rules,
    cells: &[row::Cell],
    around: &[LaborEntry],
) -> Vec<Cell> {
    let book = Book::of(reference, around, &[]);
    let own = place(cells).and_then(|(id, ..)| around.iter().find(|entry| entry.id == id));
    let Some(counted) = own.and_then(|entry| book.counted(entry, rules)) else {
        let name = Cell::Text(rules.name.clone());
        return std::iter::once(name).chain((1..COLUMNS.len()).map(|_| Cell::Nothing)).collect();
    };
    vec![
        Cell::Text(rules.name.clone()),
        Cell::Time(counted.from),
        Cell::Time(counted.until),
        Cell::Minutes(thousandths(counted.meal_us)),
        Cell::Minutes(thousandths(counted.counted_us)),
    ]
}
