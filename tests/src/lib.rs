//! Tests that look at the whole: `tidy` reads the source, the others run the programs with other people's clients.
