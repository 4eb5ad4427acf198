mod converge;
mod deletion;
mod identity;
mod namesakes;
mod platform;
mod promises;
mod values;
mod world;

pub use namesakes::Namesakes;
