mod converge;
mod deletion;
mod namesakes;
mod promises;
mod world;

pub use namesakes::Namesakes;
