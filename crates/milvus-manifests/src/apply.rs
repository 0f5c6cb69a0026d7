//! Bringing objects about.
