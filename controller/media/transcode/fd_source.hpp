#pragma once
#include <gst/gst.h>

namespace loa::media {

/// A new source element that reads an open file at any offset, like filesrc but without opening anything; a pipe is read as it comes.
/// The file stays the caller's and open for as long as the element lives.
GstElement* new_fd_source(int file);

}  // namespace loa::media
