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
