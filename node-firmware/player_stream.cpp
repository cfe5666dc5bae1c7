#include "node-firmware/player_stream.hpp"

#include <gst/app/gstappsrc.h>

#include <algorithm>

namespace loa::node {
namespace {

constexpr std::int64_t kChunk = 960;
constexpr int kRate = 1000 * StreamFeed::kPerMs;

void let_go(void* data) { delete static_cast<std::shared_ptr<StreamFiller>*>(data); }

}  // namespace

void StreamFiller::join(const std::shared_ptr<StreamFiller>& filler, GstElement* source) {
  GstAppSrcCallbacks callbacks{};
  callbacks.need_data = [](GstAppSrc* asks, guint, void* data) {
    (*static_cast<std::shared_ptr<StreamFiller>*>(data))->fill(GST_ELEMENT(asks));
  };
  gst_app_src_set_callbacks(GST_APP_SRC(source), &callbacks, new std::shared_ptr<StreamFiller>(filler), let_go);
}

StreamFiller::~StreamFiller() { end(); }

void StreamFiller::begin() {
  if (!begun_.exchange(true) && !echo_) feed_->play(true);
}

void StreamFiller::end() {
  if (begun_.exchange(false) && !echo_) feed_->play(false);
}

std::int64_t StreamFiller::unheard() const { return before_ + (begun_ && !echo_ ? feed_->unheard() : 0); }

void StreamFiller::fill(GstElement* source) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kChunk * 2, nullptr);
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
    const std::span samples(reinterpret_cast<std::int16_t*>(map.data), kChunk);
    if (begun_) {
      if (echo_) echo_->take(samples);
      else feed_->take(samples);
    } else {
      std::fill(samples.begin(), samples.end(), std::int16_t{0});
      before_ += kChunk;
    }
    gst_buffer_unmap(buffer, &map);
  }
  const auto time = [](std::int64_t sample) { return gst_util_uint64_scale_int(static_cast<guint64>(sample), GST_SECOND, kRate); };
  GST_BUFFER_PTS(buffer) = time(given_);
  given_ += kChunk;
  GST_BUFFER_DURATION(buffer) = time(given_) - GST_BUFFER_PTS(buffer);
  gst_app_src_push_buffer(GST_APP_SRC(source), buffer);
}

}  // namespace loa::node
