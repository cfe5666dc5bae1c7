#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace loa::node::edge {

/// One modem as ModemManager tells of it (org.freedesktop.ModemManager1.Modem).
struct Modem {
  std::string port;            ///< its primary port, such as "cdc-wdm0", for people; empty where none is told
  int state = 0;               ///< MMModemState: 11 is connected
  std::optional<int> percent;  ///< signal quality, 0..100
  bool connected() const { return state == 11; }
  bool operator==(const Modem&) const = default;
};
/// MMModemState in a word: "locked", "searching" …
const char* name_of_modem_state(int state);

/// The connected modem with the strongest signal, the first of equals; null where none is connected and tells its signal.
const Modem* strongest(const std::vector<Modem>& modems);

/// What one question brought.
struct ModemAnswer {
  std::vector<Modem> modems;
  bool absent = false;   ///< there is no system bus, or no ModemManager on it: an ordinary board
  std::string trouble;   ///< why there are no modems; empty where ModemManager answered
};

/// One question to ModemManager, by a connection of its own to the system bus (D-Bus; DBUS_SYSTEM_BUS_ADDRESS names another), without starting
/// ModemManager. It never blocks; `done` is called on the executor, once, within `limit`, never from within, and not after this is gone.
class ModemQuestion {
 public:
  ModemQuestion(boost::asio::any_io_executor executor, std::chrono::milliseconds limit, std::function<void(ModemAnswer)> done);
  ~ModemQuestion();
  ModemQuestion(const ModemQuestion&) = delete;
  ModemQuestion& operator=(const ModemQuestion&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Whether ModemManager is installed here, running or not.
bool has_modem_manager();

/// A radio's signal. Loop thread; no call waits.
class SignalMeter {
 public:
  virtual ~SignalMeter() = default;
  /// Percent, of the last look; nothing while no modem is connected.
  virtual std::optional<int> percent() const = 0;
};

struct ModemTimes {
  std::chrono::milliseconds every{60'000};      ///< between two questions
  std::chrono::milliseconds longest{900'000};   ///< the same where nobody answered: it doubles up to this
  std::chrono::milliseconds limit{10'000};      ///< for an answer
};

/// Asks again and again. `changed` is called on the executor where a figure came, changed or went.
std::unique_ptr<SignalMeter> make_modem_watch(boost::asio::any_io_executor executor, std::function<void()> changed, ModemTimes times = {});

}  // namespace loa::node::edge
