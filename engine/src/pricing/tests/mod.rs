//! What orders cost, as tables; complaints about other systems, by name; and a naive model beside
//! it.

mod acceptance;
mod bad_input;
mod complaints;
mod naive;
mod properties;
mod rules;
mod shop;
