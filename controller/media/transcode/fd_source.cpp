#include "controller/media/transcode/fd_source.hpp"

#include <gst/base/gstbasesrc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace loa::media {

namespace {

struct FdSource {
  GstBaseSrc parent;
  int file;
  gboolean regular;
};
struct FdSourceClass {
  GstBaseSrcClass parent;
};

G_DEFINE_TYPE(FdSource, fd_source, GST_TYPE_BASE_SRC)

FdSource* self_of(GstBaseSrc* source) { return reinterpret_cast<FdSource*>(source); }

gboolean is_seekable(GstBaseSrc* source) { return self_of(source)->regular; }

gboolean get_size(GstBaseSrc* source, guint64* size) {
  struct stat info {};
  if (!self_of(source)->regular || ::fstat(self_of(source)->file, &info) != 0) return FALSE;
  *size = static_cast<guint64>(info.st_size);
  return TRUE;
}

GstFlowReturn fill(GstBaseSrc* source, guint64 offset, guint length, GstBuffer* buffer) {
  const FdSource* self = self_of(source);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) return GST_FLOW_ERROR;
  gsize filled = 0;
  ssize_t got = 1;
  while (filled < length) {
    got = self->regular ? ::pread(self->file, map.data + filled, length - filled, static_cast<off_t>(offset + filled))
                        : ::read(self->file, map.data + filled, length - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<gsize>(got);
  }
  gst_buffer_unmap(buffer, &map);
  if (got < 0) return GST_FLOW_ERROR;
  if (filled == 0) return GST_FLOW_EOS;
  gst_buffer_resize(buffer, 0, static_cast<gssize>(filled));
  GST_BUFFER_OFFSET(buffer) = offset;
  GST_BUFFER_OFFSET_END(buffer) = offset + filled;
  return GST_FLOW_OK;
}

void fd_source_class_init(FdSourceClass* type) {
  static GstStaticPadTemplate pad = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  auto* element = GST_ELEMENT_CLASS(type);
  gst_element_class_add_static_pad_template(element, &pad);
  gst_element_class_set_static_metadata(element, "Open file", "Source/File", "Reads a file that is open already", "Loa");
  type->parent.is_seekable = is_seekable;
  type->parent.get_size = get_size;
  type->parent.fill = fill;
}

void fd_source_init(FdSource* self) { self->file = -1; }

}  // namespace

GstElement* new_fd_source(int file) {
  auto* self = static_cast<FdSource*>(g_object_new(fd_source_get_type(), nullptr));
  struct stat info {};
  self->file = file;
  self->regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  return GST_ELEMENT(self);
}

}  // namespace loa::media
