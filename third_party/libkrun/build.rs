//! Names the library as programs that load libkrun ask for it.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libkrun.so.1");
    println!("cargo:rerun-if-changed=build.rs");
}
