//! Registers as they are read: which bits have changed since a mark, and which types make sense.

use kart_api::commissioning::{Block, BlockAnswer, BlockQuery, Table, TypeCell};
use kart_core::{signal::Value, time::Micros};
use std::collections::{BTreeMap, VecDeque};

use super::TextField;

/// Values of one type that are remembered to see how they change.
const REMEMBERED: usize = 12;

/// Registers that are shown at first.
const COUNT: u16 = 30;

/// A step up to this is one that a machine makes between two readings …
const SMALL_STEP: f64 = 20.0;

/// … and so is one of this share of the value.
const SMALL_SHARE: f64 = 0.1;

/// A block of registers on the screen.
#[derive(Clone, Debug)]
pub struct Registers {
    /// Which device, counted from 0.
    pub device: usize,
    /// Which table.
    pub table: Table,
    /// The first register.
    pub start: u16,
    /// How many are asked for: fewer than `most` where the device has no more.
    pub count: u16,
    /// How many are shown where there are so many.
    pub most: u16,
    /// So many from the start can be read …
    fits: u16,
    /// … and so many cannot.
    missing: Option<u16>,
    /// The register that is read as every type.
    pub cursor: u16,
    /// What was read last.
    pub block: Option<Block>,
    /// Why nothing was read, since then.
    pub refused: Option<String>,
    /// A register number that is being typed.
    pub going: Option<TextField>,
    /// When the mark was set, and the registers then.
    marked: Option<(Micros, Vec<u16>)>,
    /// The bits that have been seen otherwise since.
    touched: Vec<u16>,
    /// What the cursor's register has been as each type, the last one last.
    past: BTreeMap<(String, String), VecDeque<f64>>,
}

/// How likely it is that a register holds this type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likely {
    /// It changes as machines change.
    Smooth,
    /// Nothing speaks against it.
    Possible,
    /// No machine says this, or it jumps.
    Hardly,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            device: 0,
            table: Table::Holding,
            start: 0,
            count: COUNT,
            most: COUNT,
            fits: 0,
            missing: None,
            cursor: 0,
            block: None,
            refused: None,
            going: None,
            marked: None,
            touched: Vec::new(),
            past: BTreeMap::new(),
        }
    }
}

impl Registers {
    /// What is to be asked for.
    pub fn query(&self, device: &str) -> BlockQuery {
        BlockQuery {
            device: device.to_owned(),
            table: self.table,
            start: self.start,
            count: self.count,
            at: self.cursor,
        }
    }

    /// Takes in what was read.
    pub fn take(&mut self, answer: BlockAnswer) {
        let block = match answer {
            BlockAnswer::Read(block) => block,
            BlockAnswer::Fewer(query, why) => return self.fewer(&query, why),
            BlockAnswer::Refused(why) => {
                self.refused = Some(why);
                return;
            },
        };
        if !self.asks(&block.query) {
            return;
        }
        self.refused = None;
        self.fits = self.count;
        self.search();
        let (_, marked) = self.marked.get_or_insert_with(|| (block.at_us, block.words.clone()));
        marked.extend(block.words.iter().skip(marked.len()));
        self.touched.resize(block.words.len(), 0);
        for ((touched, was), is) in self.touched.iter_mut().zip(marked).zip(&block.words) {
            *touched |= *was ^ is;
        }
        if block.query.at == self.cursor {
            for row in &block.types {
                for cell in &row.cells {
                    let past = self.past.entry((row.kind.clone(), cell.order.clone())).or_default();
                    past.extend(cell.value.as_ref().and_then(Value::number));
                    if past.len() > REMEMBERED {
                        past.pop_front();
                    }
                }
            }
        }
        self.block = Some(block);
    }

    /// The device does not give so many: as many as it has are looked for, half by half.
    fn fewer(&mut self, query: &BlockQuery, why: String) {
        if self.asks(query) {
            self.missing = Some(self.count);
            if self.fits == 0 {
                self.refused = Some(why);
            }
            self.search();
        }
    }

    fn asks(&self, query: &BlockQuery) -> bool {
        (query.table, query.start, query.count) == (self.table, self.start, self.count)
    }

    /// How many are asked for next.
    fn search(&mut self) {
        let (fits, missing) = (self.fits, self.missing.unwrap_or(self.most + 1));
        self.count = fits + (missing - fits) / 2;
        if missing - fits == 1 {
            self.count = fits.max(1);
        }
        self.cursor = self.cursor.min(self.start + (self.count - 1));
    }

    /// What changes from now on is changed.
    pub fn mark(&mut self) {
        self.marked = self.block.as_ref().map(|block| (block.at_us, block.words.clone()));
        self.touched.clear();
    }

    /// Since when changes are shown.
    pub fn marked_us(&self) -> Option<Micros> {
        self.marked.as_ref().map(|(at, _)| *at)
    }

    /// The bits of a register that have changed since the mark.
    pub fn touched(&self, address: u16) -> u16 {
        let place = usize::from(address.saturating_sub(self.start));
        self.touched.get(place).copied().unwrap_or_default()
    }

    /// The register at `address` as it was read.
    pub fn word(&self, address: u16) -> Option<u16> {
        let block = self.block.as_ref()?;
        let place = address.checked_sub(block.query.start)?;
        block.words.get(usize::from(place)).copied()
    }

    /// Moves the cursor within the block.
    pub fn step(&mut self, step: i32) {
        let last = self.start.saturating_add(self.count - 1);
        let wanted = i32::from(self.cursor).saturating_add(step);
        self.cursor = u16::try_from(wanted.max(0)).unwrap_or(u16::MAX).clamp(self.start, last);
        self.past.clear();
    }

    /// Shows the block by so many blocks further.
    pub fn turn(&mut self, blocks: i32) {
        let by = i32::from(self.most) * blocks;
        let start = i32::from(self.start).saturating_add(by).max(0);
        self.go(u16::try_from(start).unwrap_or(u16::MAX));
    }

    /// Shows the block that begins at `start`.
    pub fn go(&mut self, start: u16) {
        let most = (u16::MAX - self.most).saturating_add(1);
        self.start = start.min(most);
        self.cursor = self.start;
        self.forget();
    }

    /// Another table or another device.
    pub fn forget(&mut self) {
        let Self { device, table, start, most, cursor, .. } = *self;
        *self = Self { device, table, start, count: most, most, cursor, ..Self::default() };
    }

    /// How likely a type is, by its value and by how it has changed.
    pub fn likely(&self, kind: &str, cell: &TypeCell) -> Likely {
        if cell.value.is_none() || !cell.sensible {
            return Likely::Hardly;
        }
        let past = self.past.get(&(kind.to_owned(), cell.order.clone()));
        let past: Vec<f64> = past.into_iter().flatten().copied().collect();
        let steps = past.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let size = past.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let widest = steps.fold(0.0_f64, f64::max);
        match widest {
            step if step < f64::EPSILON => Likely::Possible,
            step if step <= SMALL_STEP.max(size * SMALL_SHARE) => Likely::Smooth,
            _ => Likely::Hardly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_api::commissioning::TypeRow;

    fn cell(order: &str, value: i64) -> TypeCell {
        let value = Some(Value::Whole(value));
        TypeCell { order: order.to_owned(), value, sensible: true }
    }

    fn read(registers: &Registers, words: &[u16]) -> BlockAnswer {
        let [low, high] = [words[0], words[1]].map(i64::from);
        let cells = vec![cell("ABCD", low << 16 | high), cell("CDAB", high << 16 | low)];
        BlockAnswer::Read(Block {
            query: registers.query("plc"),
            words: words.to_vec(),
            at_us: Micros(1),
            types: vec![TypeRow { kind: "u32".into(), cells }],
        })
    }

    #[test]
    fn a_bit_that_flickered_stays_marked_until_the_next_mark() {
        let mut registers = Registers { count: 2, most: 2, ..Registers::default() };
        for words in [[4, 0], [12, 0], [4, 0]] {
            registers.take(read(&registers, &words));
        }
        assert_eq!((registers.touched(0), registers.touched(1)), (8, 0));
        registers.mark();
        registers.take(read(&registers, &[4, 1]));
        assert_eq!((registers.touched(0), registers.touched(1)), (0, 1));
        registers.step(1);
        assert_eq!(registers.touched(1), 1, "moving the cursor forgets no mark");
        registers.go(100);
        assert_eq!((registers.touched(100), registers.marked_us()), (0, None));
    }

    #[test]
    fn a_device_that_has_fewer_is_shown_up_to_its_end() {
        let mut registers = Registers::default();
        let has = 11_u16;
        let answer = |registers: &Registers| match registers.count > has {
            true => BlockAnswer::Fewer(registers.query("plc"), "no such address".into()),
            false => read(registers, &vec![7; usize::from(registers.count)]),
        };
        for _ in 0..6 {
            registers.take(answer(&registers));
        }
        for _ in 0..3 {
            assert_eq!((registers.count, registers.refused.as_deref()), (has, None));
            registers.take(answer(&registers));
        }
        assert_eq!((registers.word(10), registers.touched(10)), (Some(7), 0));
        registers.turn(1);
        for _ in 0..9 {
            let query = registers.query("plc");
            registers.take(BlockAnswer::Fewer(query, "no such address".into()));
        }
        assert_eq!((registers.start, registers.count), (COUNT, 1));
        assert!(registers.refused.is_some() && registers.block.is_none());
    }

    #[test]
    fn the_order_in_which_a_counter_rises_by_one_is_the_likely_one() {
        let mut registers = Registers { count: 2, most: 2, ..Registers::default() };
        registers.take(read(&registers, &[7, 0]));
        assert_eq!(registers.likely("u32", &cell("CDAB", 7)), Likely::Possible);
        registers.take(read(&registers, &[8, 0]));
        assert_eq!(registers.likely("u32", &cell("CDAB", 8)), Likely::Smooth);
        assert_eq!(registers.likely("u32", &cell("ABCD", 8 << 16)), Likely::Hardly);
        let none = TypeCell { value: None, ..cell("CDAB", 0) };
        assert_eq!(registers.likely("u32", &none), Likely::Hardly);
    }

    #[test]
    fn an_answer_for_another_block_is_passed_over() {
        let mut registers = Registers { count: 2, most: 2, ..Registers::default() };
        let late = read(&registers, &[1, 2]);
        registers.go(50);
        registers.take(late);
        assert_eq!((registers.block.is_none(), registers.word(50)), (true, None));
    }
}
