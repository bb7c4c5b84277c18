//! PackML: the states of ANSI/ISA-TR88.00.02 by number and name, and what each means for the time
//! of a machine.

use crate::machine::MachineState;

/// The states: number, name, and what the machine's time counts as. Held is a cause within the
/// machine, suspended one outside; which side of it, PackML does not say, and material that does
/// not come is the more frequent one. A map may say otherwise state by state.
pub const STATES: [(i64, &str, MachineState); 17] = [
    (1, "clearing", MachineState::Stopped),
    (2, "stopped", MachineState::Stopped),
    (3, "starting", MachineState::Stopped),
    (4, "idle", MachineState::Stopped),
    (5, "suspended", MachineState::Starved),
    (6, "execute", MachineState::Running),
    (7, "stopping", MachineState::Stopped),
    (8, "aborting", MachineState::Stopped),
    (9, "aborted", MachineState::Stopped),
    (10, "holding", MachineState::Stopped),
    (11, "held", MachineState::Stopped),
    (12, "unholding", MachineState::Stopped),
    (13, "suspending", MachineState::Starved),
    (14, "unsuspending", MachineState::Starved),
    (15, "resetting", MachineState::Stopped),
    (16, "completing", MachineState::Running),
    (17, "complete", MachineState::Stopped),
];

/// How a state's name is written: the standard itself writes some with and without a hyphen. The
/// case of words never counts.
pub fn spellings(word: &str) -> impl Iterator<Item = String> {
    let parted = word.strip_prefix("un").map(|rest| format!("un-{rest}"));
    std::iter::once(word.to_owned()).chain(parted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Value;

    #[test]
    fn states_are_found_as_the_standard_and_controllers_write_them() {
        let standard = "Clearing Stopped Starting Idle Suspended Execute Stopping Aborting Aborted \
                        Holding Held UnHolding Suspending UnSuspending Resetting Completing Complete";
        for (told, (_, word, _)) in standard.split(' ').zip(STATES) {
            for told in [told.to_owned(), told.to_uppercase(), told.to_lowercase()] {
                let is = |known: String| Value::Word(known).equals(&Value::Word(told.clone()));
                assert!(spellings(word).any(is), "{told}");
            }
        }
        for (told, word) in [("Un-Holding", "unholding"), ("UN-SUSPENDING", "unsuspending")] {
            let is = |known: String| Value::Word(known).equals(&Value::Word(told.to_owned()));
            assert!(spellings(word).any(is), "{told}");
        }
        let word = |word: &str| Value::Word(word.to_owned());
        assert!(word("LÄUFT").equals(&word("läuft")) && !word("run").equals(&word("ran")));
    }
}
