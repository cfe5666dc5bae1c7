#include "controller/stock.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "controller/store/clips.hpp"

namespace loa::controller {

namespace {

namespace json = boost::json;

constexpr std::uintmax_t kMaxIndexBytes = 256 * 1024;

std::string read_index(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > kMaxIndexBytes) throw std::runtime_error(fmt::format("{}: cannot read the stock clips' index", file.string()));
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// Copies one clip into the store under its hash, and holds it against the index.
void take_file(const std::filesystem::path& file, const std::string& sha256, media::ClipStore& clips) {
  if (clips.exists(sha256)) return;
  const auto work = clips.work_file(".stock");
  std::filesystem::copy_file(file, work);
  const auto taken = clips.take(work);
  if (taken != sha256) throw std::runtime_error(fmt::format("{}: its bytes are {}, the index says {}", file.string(), taken, sha256));
}

}  // namespace

void take_stock(const std::filesystem::path& folder, media::ClipStore& clips, store::Store& store) {
  const auto index = folder / "index.json";
  try {
    const auto document = json::parse(read_index(index));
    std::vector<std::pair<store::Clip, store::StockClipRow>> rows;
    for (const auto& entry : document.at("clips").as_array()) {
      const auto text = [&](const char* key) { return std::string(entry.at(key).as_string()); };
      store::Clip clip;
      clip.sha256 = text("sha256");
      clip.bytes = entry.at("bytes").as_int64();
      clip.duration = store::Millis(entry.at("duration_ms").as_int64());
      clip.made_from = "stock";
      clip.source_name = text("file");
      take_file(folder / clip.source_name, clip.sha256, clips);
      rows.emplace_back(clip, store::StockClipRow{text("name"), clip.sha256, text("text")});
    }
    store.write_sync(store::system_actor(), [&](store::Transaction& transaction) {
      const auto known = store::list_stock_clip_rows(transaction.session());
      for (auto& [clip, stock] : rows) {
        if (std::find(known.begin(), known.end(), stock) != known.end()) continue;
        clip.created = transaction.now();
        store::put_clip(transaction, clip);
        store::put_stock_clip(transaction, stock);
      }
    });
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", index.string(), error.what()));
  } catch (const std::out_of_range& error) {
    throw std::runtime_error(fmt::format("{}: a field is missing: {}", index.string(), error.what()));
  }
}

}  // namespace loa::controller
