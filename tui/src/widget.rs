//! Small pieces that views are made of. They draw what they are given and know nothing else.

mod bar;
mod digits;
mod entry;
mod value;

pub use bar::bar;
pub use digits::{HEIGHT, big, huge};
pub use entry::{LABEL, field, lines, list};
pub use value::{aged, aging, badge, by_arrival};
