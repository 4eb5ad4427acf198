mod converge;
mod deletion;
mod promises;
mod world;
