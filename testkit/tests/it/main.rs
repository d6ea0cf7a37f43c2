//! Behaviour of the test kit, and of the shipped libraries under programs written in C and C++.
//!
//! # Rooms
//! | module | what is in it |
//! |---|---|
//! | `model` | the shadow model accepts a correct allocator and rejects planted faults |
//! | `compiled` | compiles a program of `testkit/c`, runs it within a time, on glibc and preloaded |
//! | `family` | what each call gives: sizes, alignments, errno, operators, growth, zeroes |
//! | `threads` | churn, remote frees, rings, ends of threads and of the process |
//! | `processes` | forks, spawned children, opened libraries, signals |
//! | `limits` | the end of memory, by the kernel's limit and by the cap |

mod compiled;
mod family;
mod limits;
mod model;
mod processes;
mod threads;
