mod converge;
mod deletion;
mod namesakes;
mod promises;
mod values;
mod world;

pub use namesakes::Namesakes;
