//! A verdict as text for people.
