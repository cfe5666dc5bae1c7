// What an officer or another system may ask for in time and text: repeats, and words to be spoken.
#include <algorithm>
#include <charconv>

#include "protocol/utf8.hpp"
#include "scheduler/recurrence.hpp"
#include "tests/fuzz/target.hpp"
#include "tts-adapters/reading.hpp"

namespace loa::fuzz {
namespace {

using namespace scheduler;

// Lines: zone, start, rule, then a date to add and one to take away.
void rule(std::string_view bytes) {
  constexpr std::size_t kMost = 50;
  Bytes input(bytes);
  Recurrence when;
  when.zone = std::string(input.line());
  when.start = parse_local(input.line()).value_or(LocalTime{std::chrono::seconds{1'795'500'000}});
  when.rrule = std::string(input.line());
  if (const auto more = parse_local(input.line())) when.rdate.push_back(*more);
  if (const auto less = parse_local(input.line())) when.exdate.push_back(*less);
  const auto problem = check(when);
  const auto from = from_ms(1'795'500'000'000);
  const auto until = from + std::chrono::hours(24 * 366);
  const auto times = expand(when, from, until, kMost);
  if (problem) {
    demand(!problem->message.empty(), "a refusal says what is wrong");
    if (problem->code == "never_occurs") return;  // what is added may still occur
    demand(times.times.empty() && !times.complete, "what is refused never occurs");
    return;
  }
  demand(times.times.size() <= kMost, "no more times than asked for");
  for (std::size_t i = 0; i < times.times.size(); ++i) {
    const auto& one = times.times[i];
    demand(one.before >= from && one.before < until, "only times that were asked for");
    demand(i == 0 || times.times[i - 1].local < one.local, "each time once, in order");
    demand(std::find(when.exdate.begin(), when.exdate.end(), one.local) == when.exdate.end(), "what is taken away does not occur");
  }
}
std::vector<std::string> rules() {
  const char* const texts[] = {"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20270101", "FREQ=MONTHLY;BYDAY=-1SU;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3",
                               "FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30;INTERVAL=2;WKST=SU", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY", ""};
  std::vector<std::string> seeds;
  for (const char* text : texts)
    seeds.push_back(std::string("Asia/Ho_Chi_Minh\n2026-11-24T05:30:00\n") + text + "\n2026-11-30T07:00:00\n2026-11-25T05:30:00\n");
  seeds.emplace_back("Europe/Berlin\n2026-03-28T02:30:00\nFREQ=DAILY\n");
  return seeds;
}

// First byte: how the region says numbers; the rest is the text.
void speech_text(std::string_view bytes) {
  Bytes input(bytes);
  const auto how = input.byte();
  tts::ReadingOptions options;
  options.say_le = how & 1;
  options.say_ngan = how & 2;
  options.say_tu = how & 4;
  if (how & 8) options.acronyms = {{"TDP", "tổ dân phố"}, {"A.B", "a bê"}};
  const auto words = tts::reading(input.rest(), options);
  if (!words) {
    demand(!words.error().code.empty() && !words.error().message.empty(), "a refusal has a code and says what is wrong");
    return;
  }
  demand(!protocol::first_invalid_utf8(*words), "what is spoken is UTF-8");
  demand(words->size() <= 200 + 200 * bytes.size(), "words are not endless");
  for (const char c : *words) demand(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r', "what is spoken has no control characters");
}
std::vector<std::string> speech_texts() {
  return {"\x04Ngày 24/11/2026, UBND xã họp lúc 7h30.", "\x03Nghị định 100/2019/NĐ-CP phạt 1.250.000 đồng, 0,05 mg/l.", std::string("\x00", 1) + "Từ 05/01 đến 10/01; điện thoại 0905 123 456.",
          "\x0fTDP 5, A.B, QĐ-UBND, 24%, 37°C, 5km/h, XIV", "\x01-1.5 999999999999999999999 1/0 32/13/0000 25:61"};
}

const Registration kRule{{"rule", rule, rules, 1024}};
const Registration kSpeech{{"speech_text", speech_text, speech_texts, 2048}};

}  // namespace
}  // namespace loa::fuzz
