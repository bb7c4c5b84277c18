//! What each exception of a device means, and what is done about it. Pure.

/// What is done after an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// The question is wrong and stays so: it is asked in smaller parts where that can help, and
    /// what is refused even then is left alone for a long while.
    Refused {
        /// A part of it may be answered.
        split: bool,
    },
    /// The device cannot answer now: asked again, less and less often.
    Later,
    /// A gateway answers in place of the unit, which is not there.
    Away,
}

/// What is done after the exception with this code.
pub fn treatment(code: u8) -> Treatment {
    match code {
        1 | 7 => Treatment::Refused { split: false },
        2 | 3 => Treatment::Refused { split: true },
        4..=6 | 8 => Treatment::Later,
        10 | 11 => Treatment::Away,
        // Of the manufacturer's own making: nobody can say that it will go by.
        _ => Treatment::Refused { split: false },
    }
}

/// What the exception means to the person who can act.
pub fn meaning(code: u8) -> &'static str {
    match code {
        1 => "the device has no such table",
        2 => "the device has no such address",
        3 => "the device does not give so many at once",
        4 => "the device has an internal fault",
        5 => "the device needs longer to answer",
        6 => "the device is busy",
        7 => "the device declines",
        8 => "the memory of the device is damaged",
        10 => "the gateway has no way to this unit",
        11 => "the unit does not answer the gateway",
        _ => "an exception of the manufacturer's own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exception_has_its_treatment() {
        let away: Vec<u8> = (0..=255).filter(|c| treatment(*c) == Treatment::Away).collect();
        let later: Vec<u8> = (0..=255).filter(|c| treatment(*c) == Treatment::Later).collect();
        let split = Treatment::Refused { split: true };
        let splits: Vec<u8> = (0..=255).filter(|c| treatment(*c) == split).collect();
        assert_eq!((away, later, splits), (vec![10, 11], vec![4, 5, 6, 8], vec![2, 3]));
        let told: std::collections::BTreeSet<&str> = (1..=8).chain([10, 11]).map(meaning).collect();
        assert_eq!(told.len(), 10, "each in words of its own");
    }
}
