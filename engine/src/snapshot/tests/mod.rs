//! Snapshots over real rows, orders and requests, without a journal in between.

mod archived;
mod damage;
mod disk;
mod faults;
mod faulty;
mod fuzzy;
mod generations;
mod golden;
mod pace;
mod watched;
mod world;
