#include "controller/recovery/restore.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "controller/store/copy_store.hpp"
#include "tests/controller/recovery/state_folder.hpp"

using namespace loa;
using namespace loa::recovery;
using namespace loa::tests;
namespace fs = std::filesystem;

namespace {

const auto kNow = scheduler::from_ms(StateFolder::kNow);

/// One entry of a tar stream as POSIX ustar writes it, with whatever type and name is asked for.
std::string entry(const std::string& name, const std::string& bytes, char type = '0', const std::string& link = "") {
  std::string header(512, '\0');
  const auto set = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  char octal[16];
  set(0, name);
  set(100, "0000600");
  set(108, "0000000");
  set(116, "0000000");
  std::snprintf(octal, sizeof octal, "%011zo", bytes.size());
  set(124, octal);
  set(136, "00000000000");
  set(148, "        ");
  header[156] = type;
  set(157, link);
  set(257, "ustar");
  set(263, "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  set(148, std::string(octal) + '\0' + ' ');
  return header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
}
const std::string kEnd(1024, '\0');

/// A good backup as a manifest and its files, to be spoilt.
struct Backup {
  StateFolder source;
  Manifest manifest;
  std::map<std::string, std::string> files;

  Backup() {
    manifest = backup_to_folder(source.request(), source.folder / "backup").manifest;
    for (const auto& file : manifest.files) files[file.path] = content(source.folder / "backup" / file.path);
  }
  std::string body() const {
    std::string all;
    for (const auto& [path, bytes] : files) all += entry(path, bytes);
    return all;
  }
  std::string head() const { return entry("manifest.json", encode(manifest)); }
  /// Lists the file as it now is.
  void list_anew(const std::string& path) {
    for (auto& file : manifest.files)
      if (file.path == path) file.bytes = static_cast<std::int64_t>(files.at(path).size()), file.sha256 = protocol::sha256_hex(files.at(path));
  }
  fs::path state() const { return source.folder / "restored"; }
  /// Restores it and says what was said; empty: it was taken.
  std::string complaint(const std::string& from) const {
    try {
      restore(from, state(), kNow);
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  std::string complaint_of_stream(const std::string& bytes) const {
    put(source.folder / "stream.tar", bytes);
    return complaint((source.folder / "stream.tar").string());
  }
  /// Nothing may be left, neither of the state nor of the work.
  void check_nothing_there() const {
    for (const auto& one : fs::directory_iterator(source.folder.path())) {
      INFO(one.path().string());
      CHECK_FALSE(one.path().filename().string().starts_with("."));
    }
    CHECK_FALSE(fs::exists(state()));
  }
};

}  // namespace

TEST_CASE("the streams that these tests make are taken where nothing is wrong with them") {
  Backup backup;
  CHECK(backup.complaint_of_stream(backup.head() + backup.body() + kEnd) == "");
}

TEST_CASE("a stream that is not exactly a whole backup makes no state folder, and is told why") {
  Backup backup;
  const auto good = backup.head() + backup.body();
  const auto clip = clip_path(backup.source.clips.begin()->first);
  const auto changed = [&](const std::string& path, const std::string& bytes) {
    auto files = backup.files;
    files[path] = bytes;
    std::string all = backup.head();
    for (const auto& [name, content] : files) all += entry(name, content);
    return all + kEnd;
  };
  const auto without = [&](const std::string& path) {
    std::string all = backup.head();
    for (const auto& [name, content] : backup.files)
      if (name != path) all += entry(name, content);
    return all + kEnd;
  };
  auto flipped = backup.files.at(clip);
  flipped[1000] ^= 1;
  struct Row {
    const char* name;
    std::string bytes;
    const char* says;
  };
  const std::vector<Row> rows{
      {"nothing", "", "no tar stream"},
      {"no tar", std::string(5000, 'q'), "no tar stream"},
      {"compressed", std::string("\x1f\x8b\x08\x00", 4) + std::string(5000, 'z'), "no tar stream"},
      {"zeros", std::string(5120, '\0'), "manifest.json"},
      {"the manifest is not first", backup.body() + backup.head() + kEnd, "not manifest.json"},
      {"the manifest twice", backup.head() + good + kEnd, "manifest.json: the manifest does not list it"},
      {"a file that is not listed", good + entry("keys/more", "x") + kEnd, "keys/more: the manifest does not list it"},
      {"a path out of the folder", good + entry("../outside", "x") + kEnd, "../outside: the manifest does not list it"},
      {"an absolute path", good + entry("/tmp/outside", "x") + kEnd, "/tmp/outside: the manifest does not list it"},
      {"a listed file under another spelling", good + entry("./loa.db", "x") + kEnd, "./loa.db: the manifest does not list it"},
      {"a file twice", good + entry(clip, backup.files.at(clip)) + kEnd, "it is there twice"},
      {"a link", backup.head() + entry("loa.db", "", '2', "/etc/passwd") + kEnd, "at loa.db: it is a link"},
      {"a hard link", backup.head() + entry("loa.db", "", '1', "/etc/passwd") + kEnd, "at loa.db: it is a link"},
      {"a folder", backup.head() + entry("keys", "", '5') + kEnd, "it is not a plain file"},
      {"a device", backup.head() + entry("loa.db", "", '3') + kEnd, "it is not a plain file"},
      {"a pipe", backup.head() + entry("loa.db", "", '6') + kEnd, "it is not a plain file"},
      {"a file is missing", without("keys/keyset.jws"), "keys/keyset.jws: it is missing"},
      {"a changed byte", changed(clip, flipped), "its bytes are not those of the manifest"},
      {"a shorter file", changed(clip, "short"), "it has 5 bytes, the manifest says"},
      {"a longer file", changed(clip, backup.files.at(clip) + "x"), "it has more bytes"},
      {"an endless manifest", entry("manifest.json", std::string(64, ' ')) + good, "manifest.json"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_THAT(backup.complaint_of_stream(row.bytes), Catch::Contains(row.says));
    backup.check_nothing_there();
  }
}

TEST_CASE("a stream cut off anywhere makes no state folder") {
  Backup backup;
  const auto good = backup.head() + backup.body();
  for (std::size_t length = 0; length < good.size(); length += good.size() / 97) {
    INFO(length);
    CHECK(backup.complaint_of_stream(good.substr(0, length)) != "");
    backup.check_nothing_there();
  }
}

TEST_CASE("a backup whose manifest is right and whose files make no controller is refused") {
  Backup backup;
  struct Row {
    const char* name;
    std::function<void(Backup&)> spoil;
    const char* says;
  };
  const auto set = [](const char* path, std::string bytes) {
    return [path, bytes](Backup& b) {
      b.files[path] = bytes;
      b.list_anew(path);
    };
  };
  const auto drop = [](std::string path) {
    return [path](Backup& b) {
      b.files.erase(path);
      std::erase_if(b.manifest.files, [&](const auto& file) { return file.path == path; });
    };
  };
  const std::vector<Row> rows{
      {"an empty database", set("loa.db", ""), "it is empty"},
      {"no database at all", set("loa.db", std::string(40'000, 'x')), "not a database"},
      {"a truncated database", [](Backup& b) { b.files["loa.db"].resize(b.files["loa.db"].size() / 2), b.list_anew("loa.db"); }, "loa.db"},
      {"a database with broken pages",
       [](Backup& b) {
         for (auto at = 4096U; at < b.files["loa.db"].size(); at += 4096) std::memset(b.files["loa.db"].data() + at, 0x5a, 2000);
         b.list_anew("loa.db");
       },
       "loa.db"},
      {"a schema to come", [](Backup& b) { b.manifest.schema = 99'999; }, "newer program"},
      {"no authority", [&](Backup& b) { drop("authority/ca.pem")(b), drop("authority/ca.key")(b); }, "the certificate authority is missing"},
      {"half an authority", drop("authority/ca.key"), "authority/ca.key"},
      {"another authority's key", set("authority/ca.key", "no key"), "no private key in it"},
      {"a key set by another root", set("keys/root.pub", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"), "keys"},
      {"a clip that the database names is not there", [&](Backup& b) { drop(clip_path(b.source.clips.begin()->first))(b); }, "the database names the clip"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    auto spoilt_files = backup.files;
    auto spoilt_manifest = backup.manifest;
    row.spoil(backup);
    CHECK_THAT(backup.complaint_of_stream(backup.head() + backup.body() + kEnd), Catch::Contains(row.says));
    backup.check_nothing_there();
    backup.files = std::move(spoilt_files);
    backup.manifest = std::move(spoilt_manifest);
  }
}

TEST_CASE("a folder that is not exactly a whole backup makes no state folder, and is told why") {
  Backup backup;
  const auto folder = backup.source.folder / "backup";
  const auto clip = folder / clip_path(backup.source.clips.begin()->first);
  std::string says;
  SECTION("never finished") {
    fs::remove(folder / "manifest.json");
    says = "no backup, or one that was never finished";
  }
  SECTION("the manifest is a link") {
    fs::rename(folder / "manifest.json", backup.source.folder / "elsewhere");
    fs::create_symlink(backup.source.folder / "elsewhere", folder / "manifest.json");
    says = "it is not a plain file";
  }
  SECTION("a file more") {
    put(folder / "keys/more", "x");
    says = "keys/more: the manifest does not list it";
  }
  SECTION("a file less") {
    fs::remove(clip);
    says = "it is missing";
  }
  SECTION("a link in place of a file") {
    fs::remove(clip);
    fs::create_symlink("/etc/hostname", clip);
    says = "it is not a plain file";
  }
  SECTION("a changed byte") {
    auto bytes = content(clip);
    bytes[7] ^= 1;
    put(clip, bytes);
    says = "its bytes are not those of the manifest";
  }
  CHECK_THAT(backup.complaint(folder.string()), Catch::Contains(says));
  backup.check_nothing_there();
}

TEST_CASE("nothing is restored over what is there") {
  Backup backup;
  const auto folder = (backup.source.folder / "backup").string();
  SECTION("a file in the folder") {
    put(backup.state() / "loa.db", "yesterday");
    CHECK_THAT(backup.complaint(folder), Catch::Contains("is not empty (loa.db is there)"));
    CHECK(content(backup.state() / "loa.db") == "yesterday");
  }
  SECTION("a file in place of the folder") {
    put(backup.state(), "x");
    CHECK_THAT(backup.complaint(folder), Catch::Contains("is not a folder"));
  }
  SECTION("a link to a folder") {
    fs::create_directories(backup.source.folder / "elsewhere");
    fs::create_symlink(backup.source.folder / "elsewhere", backup.state());
    CHECK_THAT(backup.complaint(folder), Catch::Contains("is not a folder"));
  }
  SECTION("a second time") {
    CHECK(backup.complaint(folder) == "");
    CHECK_THAT(backup.complaint(folder), Catch::Contains("is not empty"));
  }
}

TEST_CASE("what a killed restore left is taken over by the next") {
  Backup backup;
  put(backup.source.folder / ".restored.restoring/loa.db", "half");
  put(backup.source.folder / ".restored.restoring/keys/half", "half");
  CHECK(backup.complaint((backup.source.folder / "backup").string()) == "");
  CHECK_FALSE(fs::exists(backup.state() / "keys/half"));
  CHECK_FALSE(fs::exists(backup.source.folder / ".restored.restoring"));
}

TEST_CASE("the rights of the backup are not there to go live before the controller has looked at newer ones") {
  StateFolder source;
  put(source.state / "broker/acl", "user controller\n");
  put(source.state / "broker/ready", "digests");
  backup_to_folder(source.request(), source.folder / "backup");
  restore((source.folder / "backup").string(), source.folder / "restored", kNow);
  CHECK(fs::exists(source.folder / "restored/broker/acl"));
  CHECK_FALSE(fs::exists(source.folder / "restored/broker/ready"));
}

TEST_CASE("files restored by root belong to whom the empty folder belongs") {
  if (::geteuid() != 0) return;
  Backup backup;
  fs::create_directories(backup.state());
  REQUIRE(::chown(backup.state().c_str(), 1234, 1235) == 0);
  REQUIRE(backup.complaint((backup.source.folder / "backup").string()) == "");
  int files = 0;
  for (const auto& one : fs::recursive_directory_iterator(backup.state())) {
    struct stat found {};
    REQUIRE(::lstat(one.path().c_str(), &found) == 0);
    CHECK((found.st_uid == 1234 && found.st_gid == 1235));
    ++files;
  }
  CHECK(files > 8);
}
