mod converge;
mod deletion;
mod identity;
mod namesakes;
mod promises;
mod values;
mod world;

pub use namesakes::Namesakes;
