//! A gateway of the first protocol.
