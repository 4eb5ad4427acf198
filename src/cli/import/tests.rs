mod facts;
mod judge;
mod places;
mod properties;
mod values;
