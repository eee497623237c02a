//! Generated code of `backstock.v1`.
