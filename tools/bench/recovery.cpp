#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>

#include "controller/authority/certificates.hpp"
#include "controller/authority/root_key.hpp"
#include "controller/recovery/backup.hpp"
#include "controller/recovery/restore.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/play_records.hpp"
#include "protocol/clock.hpp"
#include "protocol/hash.hpp"
#include "protocol/record_chain.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/bench/measured_store.hpp"
#include "tools/bench/play_logs.hpp"

// What a backup and a restore take, beside `cp` of the same files: the disk's own share.
namespace {

using namespace loa;
namespace fs = std::filesystem;
using Seconds = std::chrono::duration<double>;

struct Options {
  int records = 1'000'000;
  int megabytes = 2000;
  int clip_kilobytes = 400;  ///< of one clip: about a minute and a half of speech
};

double timed(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return Seconds(std::chrono::steady_clock::now() - begun).count();
}

void fill_records(store::Session& session, int records, store::TimePoint now) {
  constexpr int kAtOnce = 50'000;  // logs are made in memory
  for (int done = 0; done < records; done += kAtOnce) {
    const auto logs = bench::make_logs(10, std::min(kAtOnce, records - done), 200);
    for (const auto& log : logs) {
      store::Transaction transaction(session, store::system_actor(), now);
      if (done == 0 && &log == &logs.front()) bench::add_nodes(transaction, logs);
      for (auto batch : log.batches) {
        std::vector<std::string> hashes;
        for (auto& record : batch.records) {
          record.log_id += "-" + std::to_string(done);
          record.occurrence_id += "." + std::to_string(done);
          hashes.push_back(protocol::record_hash(record));
        }
        store::add_records(transaction, log.id, batch.records, hashes);
      }
      transaction.commit();
    }
  }
}

void fill_clips(store::Session& session, const fs::path& folder, const Options& options, store::TimePoint now) {
  fs::create_directories(folder);
  std::mt19937_64 random(1);
  const auto count = static_cast<std::int64_t>(options.megabytes) * 1000 / options.clip_kilobytes;
  store::Transaction transaction(session, store::system_actor(), now);
  for (std::int64_t i = 0; i < count; ++i) {
    std::string bytes(static_cast<std::size_t>(options.clip_kilobytes) * 1000, '\0');
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      const auto value = random();
      std::memcpy(bytes.data() + at, &value, sizeof value);
    }
    store::Clip clip;
    clip.sha256 = protocol::sha256_hex(bytes);
    clip.bytes = static_cast<std::int64_t>(bytes.size());
    clip.made_from = "upload";
    std::ofstream(folder / (clip.sha256 + ".opus"), std::ios::binary) << bytes;
    store::put_clip(transaction, clip);
  }
  transaction.commit();
}

void measure(const Options& options) {
  const tests::TempFolder folder;
  const auto now = protocol::SystemClock().now();
  const auto state = folder / "controller";
  fs::create_directories(state);
  authority::CertificateAuthority::open_or_create(state / "authority", now);
  authority::init_keys(folder / "root.pem", state, "hue", now);
  const auto url = (state / "loa.db").string();
  {
    const auto session = store::open_session(url);
    fill_records(*session, options.records, now);
    fill_clips(*session, state / "clips", options, now);
  }
  ::sync();
  const recovery::BackupRequest request{state, url, LOA_VERSION, now};
  const auto tar = folder / "backup.tar";
  const double copied = timed([&] {
    fs::copy(state, folder / "copy", fs::copy_options::recursive);
    ::sync();
  });
  fs::remove_all(folder / "copy");
  std::int64_t bytes = 0;
  const double to_folder = timed([&] { bytes = recovery::backup_to_folder(request, folder / "backup").bytes; });
  const double to_stream = timed([&] {
    const int out = ::open(tar.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    recovery::backup_to_stream(request, out);
    ::fsync(out);
    ::close(out);
  });
  const double from_folder = timed([&] { recovery::restore((folder / "backup").string(), folder / "one", now); });
  fs::remove_all(folder / "one");
  const double from_stream = timed([&] { recovery::restore(tar.string(), folder / "two", now); });
  fmt::print("{} records, {} MB of clips in files of {} kB; the database is {} MB, the backup {} MB\n", options.records, options.megabytes,
             options.clip_kilobytes, fs::file_size(state / "loa.db") / 1'000'000, bytes / 1'000'000);
  fmt::print("{:<28} {:>8}\n", "", "seconds");
  for (const auto& [name, seconds] : {std::pair{"copy of the folder, sync", copied}, {"backup to a folder", to_folder}, {"backup to a stream", to_stream},
                                      {"restore from a folder", from_folder}, {"restore from a stream", from_stream}})
    fmt::print("{:<28} {:>8.1f}\n", name, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Seconds of a backup and a restore, beside a plain copy of the same folder. Needs five times the clips' room under $TMPDIR.");
  app.add_option("--records", options.records, "play records")->check(CLI::Range(0, 10'000'000))->capture_default_str();
  app.add_option("--megabytes", options.megabytes, "of clips")->check(CLI::Range(0, 100'000))->capture_default_str();
  app.add_option("--clip-kilobytes", options.clip_kilobytes, "of one clip")->check(CLI::Range(1, 100'000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    measure(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-recovery: {}\n", error.what());
    return 1;
  }
}
