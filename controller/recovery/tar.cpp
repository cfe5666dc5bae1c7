#include "controller/recovery/tar.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace loa::recovery {

namespace {

constexpr std::size_t kBlock = 64 * 1024;

struct FreeEntry {
  void operator()(archive_entry* one) const { archive_entry_free(one); }
};

std::string said_by(archive* one) {
  const char* text = archive_error_string(one);
  const int error = archive_errno(one);
  return std::string(text ? text : "it failed") + (error > 0 ? std::string(": ") + std::strerror(error) : "");
}

}  // namespace

// Freed, not closed: closing writes the end mark, which only finish() may.
void TarWriter::Free::operator()(archive* one) const {
  archive_write_fail(one);
  archive_write_free(one);
}
void TarReader::Free::operator()(archive* one) const { archive_read_free(one); }

TarWriter::TarWriter(int to) : x_archive(archive_write_new()) {
  if (!x_archive) throw std::bad_alloc();
  check(archive_write_set_format_pax_restricted(x_archive.get()));
  check(archive_write_set_bytes_per_block(x_archive.get(), kBlock));
  check(archive_write_set_bytes_in_last_block(x_archive.get(), 1));
  check(archive_write_open_fd(x_archive.get(), to));
}

void TarWriter::check(long long result) const {
  if (result < ARCHIVE_OK) throw std::runtime_error("the stream cannot be written: " + said_by(x_archive.get()));
}

void TarWriter::begin(const std::string& path, std::int64_t bytes) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  if (!entry) throw std::bad_alloc();
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_size(entry.get(), bytes);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  check(archive_write_header(x_archive.get(), entry.get()));
}

void TarWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = archive_write_data(x_archive.get(), bytes.data(), bytes.size());
    check(written);
    if (written == 0) throw std::runtime_error("the stream cannot be written: a file grew while it was read");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TarWriter::finish() {
  check(archive_write_finish_entry(x_archive.get()));
  check(archive_write_close(x_archive.get()));
}

TarReader::TarReader(int from, std::string name) : x_archive(archive_read_new()), x_name(std::move(name)) {
  if (!x_archive) throw std::bad_alloc();
  // No compression and no other format: each would be one more parser of strangers' bytes.
  if (archive_read_support_format_tar(x_archive.get()) != ARCHIVE_OK || archive_read_open_fd(x_archive.get(), from, kBlock) != ARCHIVE_OK)
    refuse(said_by(x_archive.get()));
}

void TarReader::refuse(const std::string& why) const {
  throw std::runtime_error(x_path.empty() ? fmt::format("{}: no tar stream: {}", x_name, why) : fmt::format("{}: at {}: {}", x_name, x_path, why));
}

std::optional<std::string> TarReader::next() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(x_archive.get(), &entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result != ARCHIVE_OK) refuse(said_by(x_archive.get()));
  const char* path = archive_entry_pathname(entry);
  if (!path) refuse("a file without a readable name");
  x_path = path;
  if (archive_entry_hardlink(entry) || archive_entry_symlink(entry)) refuse("it is a link");
  if (archive_entry_filetype(entry) != AE_IFREG) refuse("it is not a plain file");
  if (archive_entry_sparse_count(entry) > 0) refuse("it is a sparse file");
  return x_path;
}

std::size_t TarReader::read(char* to, std::size_t most) {
  const auto got = archive_read_data(x_archive.get(), to, most);
  if (got < 0) refuse(said_by(x_archive.get()));
  return static_cast<std::size_t>(got);
}

}  // namespace loa::recovery
