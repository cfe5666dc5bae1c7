// Runs a program under the system calls that a systemd unit leaves it: `under_unit UNIT PROGRAM [ARGUMENT…]`. Machines that test have no
// systemd running; this reads SystemCallFilter= and MemoryDenyWriteExecute= of the unit, asks systemd-analyze which calls its groups hold, and
// puts in what systemd would.
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Groups = std::map<std::string, std::vector<std::string>>;

Groups groups() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen("systemd-analyze syscall-filter", "r"), ::pclose);
  if (!pipe) throw std::runtime_error("systemd-analyze does not start");
  Groups all;
  std::string group;
  for (char line[256]; std::fgets(line, sizeof line, pipe.get());) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word[0] == '#') continue;
    if (line[0] == '@') {
      group = word;
    } else {
      all[group].push_back(word);
    }
  }
  if (all["@system-service"].empty()) throw std::runtime_error("systemd-analyze names no group @system-service");
  return all;
}

void expand(const Groups& all, const std::string& name, std::set<std::string>& into) {
  if (name[0] != '@') {
    into.insert(name);
    return;
  }
  const auto group = all.find(name);
  if (group == all.end()) throw std::runtime_error("no group " + name);
  for (const auto& member : group->second) expand(all, member, into);
}

struct Wanted {
  std::set<std::string> calls;
  bool no_new_code = false;
};

Wanted read_unit(const std::string& file) {
  std::ifstream unit(file);
  if (!unit) throw std::runtime_error("cannot read " + file);
  const auto all = groups();
  Wanted wanted;
  expand(all, "@default", wanted.calls);
  bool filters = false;
  for (std::string line; std::getline(unit, line);) {
    if (line == "MemoryDenyWriteExecute=yes") wanted.no_new_code = true;
    constexpr std::string_view kKey = "SystemCallFilter=";
    if (line.compare(0, kKey.size(), kKey) != 0) continue;
    filters = true;
    const bool takes_away = line[kKey.size()] == '~';
    std::istringstream words(line.substr(kKey.size() + takes_away));
    std::set<std::string> named;
    for (std::string word; words >> word;) expand(all, word, named);
    for (const auto& call : named) takes_away ? static_cast<void>(wanted.calls.erase(call)) : static_cast<void>(wanted.calls.insert(call));
  }
  if (!filters) throw std::runtime_error(file + " has no SystemCallFilter=");
  return wanted;
}

void enter(const Wanted& wanted) {
  void* filter = ::seccomp_init(SCMP_ACT_ERRNO(EPERM));
  for (const auto& name : wanted.calls) {
    const int call = ::seccomp_syscall_resolve_name(name.c_str());
    if (call == __NR_SCMP_ERROR) continue;
    if (wanted.no_new_code && name == "mmap") {
      ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
      ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
    } else if (wanted.no_new_code && (name == "mprotect" || name == "pkey_mprotect")) {
      ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    } else {
      ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
  }
  const int failed = ::seccomp_load(filter);
  ::seccomp_release(filter);
  if (failed) throw std::runtime_error(std::string("the filter cannot be loaded: ") + std::strerror(-failed));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: under_unit UNIT PROGRAM [ARGUMENT...]\n", 64;
  try {
    enter(read_unit(argv[1]));
  } catch (const std::exception& error) {
    return std::cerr << "under_unit: " << error.what() << "\n", 65;
  }
  ::execvp(argv[2], argv + 2);
  return std::perror(argv[2]), 66;
}
