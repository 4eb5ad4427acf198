//! The runtime's building blocks against a real API server: watches that miss nothing, writes that hit the right object
//! or none, and a lead that one process has at a time.

mod gadget;
mod lead;
mod queue;
mod watch;
mod write;
