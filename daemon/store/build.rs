//! A new migration file must make this crate compile again.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/edge");
    println!("cargo::rerun-if-changed=../../migrations/edge_reference");
}
