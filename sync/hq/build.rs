//! The migrations are embedded; Cargo would not notice a new file by itself.

fn main() {
    #[expect(clippy::print_stdout, reason = "this is how a build script speaks to Cargo")]
    {
        println!("cargo:rerun-if-changed=../../migrations/hq");
    }
}
