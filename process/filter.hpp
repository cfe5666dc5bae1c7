#pragma once
#include <linux/filter.h>

#include <string>
#include <vector>

namespace loa::process {

/// A system-call filter (seccomp(2), mode 2) as the kernel takes it.
using FilterProgram = std::vector<sock_filter>;

/// For a process that computes between descriptors that are open already: anything else traps (SIGSYS), above all every open,
/// socket, process and program; memory cannot become code. Throws std::runtime_error where libseccomp cannot make it.
FilterProgram filter_of_self();

/// For a program that has still to be started: what `filter_of_self` lets through and what a program needs to come up; every other call
/// is put to the listener. `report` is the one descriptor over which it may send that listener.
FilterProgram filter_of_started(int report);

/// What somebody tried who made this system call, after "tried to": "use the network", "start another process", "call mount". For a
/// call that opens a file it is "open" and the caller adds which. A pointer to static text; safe in a signal handler.
const char* attempt_of(const char* call);

/// Names of the system calls of this machine by number; empty text where a number has none.
std::vector<std::string> names_of_calls();

}  // namespace loa::process
