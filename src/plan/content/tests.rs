mod converge;
mod deletion;
mod promises;
mod values;
mod world;
