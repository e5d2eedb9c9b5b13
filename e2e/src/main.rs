//! The product on a real cluster.

fn main() {}
