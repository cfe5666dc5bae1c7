#include "controller/authority/broker_set.hpp"

#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"

namespace loa::authority {

BrokerSet read_broker_set(const std::filesystem::path& folder) {
  BrokerSet set;
  const auto read = [&](const char* name) {
    if (auto content = read_foreign_file(folder, name)) set.emplace(name, std::move(*content));
  };
  read(kReadyFile);  // first: what is renamed into place after it does not fit it, and is looked at again
  for (const char* name : kBrokerFiles) read(name);
  return set;
}

}  // namespace loa::authority
