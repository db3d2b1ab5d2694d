//! The channels from many to one.

mod ends;
mod model;
mod order;
mod permits;
