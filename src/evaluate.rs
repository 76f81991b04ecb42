//! How often scanvet is right.
