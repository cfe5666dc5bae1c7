#pragma once
#include <initializer_list>

namespace loa::node {

/// Starts GStreamer, once a process, with only the plugins that are asked for: the list of all that is installed is a megabyte in memory, is
/// made by a child process that loads every plugin, and is kept in a file of the account. Call before any thread is started.
/// Throws std::runtime_error where GStreamer or a plugin is missing.
void load_gst_plugins(std::initializer_list<const char*> names);

}  // namespace loa::node
