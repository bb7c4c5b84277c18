//! Addresses as manuals write them: a leading digit for the table, counted from 1. Pure.

use super::plan::Table;

/// Why a text is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAddress {
    /// Neither five nor six digits.
    #[error("five or six digits are needed, for example \"40001\" or \"400001\"")]
    Digits,
    /// A leading digit that stands for nothing.
    #[error(
        "the first digit is the table: 0 coil, 1 discrete input, 3 input register, \
         4 holding register; {0} is none"
    )]
    Table(char),
    /// They are counted from 1.
    #[error("these addresses are counted from 1; there is no 0")]
    Zero,
    /// Beyond the last.
    #[error("a table ends at 65536")]
    Beyond,
}

/// The table and the place in it, counted from 0, of for example `40001` or `400001`.
pub fn parse(text: &str) -> Result<(Table, u16), NoAddress> {
    if !matches!(text.len(), 5 | 6) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoAddress::Digits);
    }
    let mut digits = text.chars();
    let table = match digits.next() {
        Some('0') => Table::Coil,
        Some('1') => Table::Discrete,
        Some('3') => Table::Input,
        Some('4') => Table::Holding,
        other => return Err(NoAddress::Table(other.unwrap_or(' '))),
    };
    let number: u32 = digits.as_str().parse().map_err(|_| NoAddress::Digits)?;
    let place = number.checked_sub(1).ok_or(NoAddress::Zero)?;
    Ok((table, u16::try_from(place).map_err(|_| NoAddress::Beyond)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leading_digit_is_the_table() {
        for (text, expected) in [
            ("00001", Ok((Table::Coil, 0))),
            ("065536", Ok((Table::Coil, 65_535))),
            ("10010", Ok((Table::Discrete, 9))),
            ("30001", Ok((Table::Input, 0))),
            ("300001", Ok((Table::Input, 0))),
            ("40001", Ok((Table::Holding, 0))),
            ("49999", Ok((Table::Holding, 9998))),
            ("400001", Ok((Table::Holding, 0))),
            ("465536", Ok((Table::Holding, 65_535))),
            ("465537", Err(NoAddress::Beyond)),
            ("40000", Err(NoAddress::Zero)),
            ("20001", Err(NoAddress::Table('2'))),
            ("4001", Err(NoAddress::Digits)),
            ("4x001", Err(NoAddress::Digits)),
            ("-40001", Err(NoAddress::Digits)),
            ("", Err(NoAddress::Digits)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
