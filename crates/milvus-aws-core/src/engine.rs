//! The graph engine.
