#pragma once
#include <string>
#include <vector>

namespace loa::tests {

/// A network of a program's own, joined to this machine's by one cable (a veth pair) that can be cut, lose packets or be slow. Only root
/// can make one; removed with everything in it when this is destroyed. The machine's own network is never touched.
class Netns {
 public:
  /// Why none can be made here; empty where one can.
  static std::string missing();

  /// Throws std::runtime_error with the failing command's words.
  Netns();
  ~Netns();
  Netns(const Netns&) = delete;
  Netns& operator=(const Netns&) = delete;

  /// This machine's address at the cable, at which servers listen for those in the namespace.
  const std::string& here() const { return here_; }
  const std::string& there() const { return there_; }
  /// What runs a program inside.
  std::vector<std::string> run_inside() const { return {"ip", "netns", "exec", name_}; }
  /// The same, with this file as its /etc/hosts, which may change while the program runs (same inode), and nobody to ask for names.
  std::vector<std::string> run_inside(const std::string& hosts_file) const;

  /// Of every hundred packets in each direction so many are lost, at random; 100: cut, 0: whole.
  void lose(int percent);
  void cut() { lose(100); }
  void heal() { lose(0); }
  /// So many bits a second in each direction, by a token bucket; 0: as fast as it goes.
  void slow(int kbit);

 private:
  void inside(const std::string& command) const;
  std::string name_, cable_, here_, there_;
};

}  // namespace loa::tests
