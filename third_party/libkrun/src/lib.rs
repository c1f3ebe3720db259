//! Builds libkrun's C API as one shared library.

pub use krun::*;
