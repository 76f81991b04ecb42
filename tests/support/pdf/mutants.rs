//! Ways to break a PDF.
