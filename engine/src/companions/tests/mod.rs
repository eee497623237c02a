//! What holds of what is learnt and suggested.

mod naive;
mod properties;
mod rules;
