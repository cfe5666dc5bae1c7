#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct ProgrammeOptions {
  std::string id, title, area, field, text_file, text, issuer, language, file, reason, state, voice;
  std::vector<std::string> references;
  int seconds = 600;
};

std::string path_of(const ProgrammeOptions& options) { return "/programmes/" + escaped(options.id); }

void create(const Context& context, const ProgrammeOptions& options) {
  json::object body{{"title", options.title}, {"area", options.area}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  put("legal_field", options.field);
  put("issuing_body", options.issuer);
  put("language", options.language);
  put("text", options.text_file.empty() ? options.text : read_text(options.text_file));
  if (!options.references.empty()) body["legal_references"] = json::array(options.references.begin(), options.references.end());
  const auto made = context.client().post("/programmes", body);
  context.show(made, text_of(made, "id"));
}

/// Follows a job until it is done; throws with its problem when it failed.
void follow(const Context& context, Client& client, const json::value& begun, int seconds) {
  const auto id = text_of(begun, "id");
  ProgressBar bar("making sound");
  auto job = begun;
  wait_until(seconds, "the sound", [&] {
    job = client.get("/jobs/" + id);
    bar.show(static_cast<int>(job.at("percent").as_int64()));
    const auto state = text_of(job, "state");
    if (state == "failed")
      throw CommandError(kRefused, fmt::format("{} ({})", text_of(job, "problem.detail"), text_of(job, "problem.code")));
    return state == "done";
  });
  context.show(job, "done");
}

void speak(const Context& context, const ProgrammeOptions& options) {
  auto client = context.client();
  auto voice = options.voice;
  if (voice.empty()) {
    const auto programme = client.get(path_of(options));
    const auto voices = client.get("/voices");
    for (const auto& known : voices.at("items").as_array())
      if (voice.empty() && text_of(known, "language").rfind(text_of(programme, "language"), 0) == 0) voice = text_of(known, "id");
    if (voice.empty()) throw CommandError(kRefused, fmt::format("no voice speaks {}", text_of(programme, "language")));
  }
  follow(context, client, client.post(path_of(options) + "/speech", {{"voice", voice}}), options.seconds);
}

void upload(const Context& context, const ProgrammeOptions& options) {
  auto client = context.client();
  ProgressBar bar("sending");
  const std::filesystem::path file = options.file;
  const auto job = client.upload(with_query(path_of(options) + "/audio", {{"filename", file.filename().string()}}), file,
                                 "application/octet-stream", [&](int percent) { bar.show(percent); });
  follow(context, client, job, options.seconds);
}

void approve(const Context& context, const ProgrammeOptions& options) {
  auto client = context.client();
  const auto seen = client.get(path_of(options));
  const auto approved = client.post(path_of(options) + "/approve", {{"content_hash", text_of(seen, "content_hash")}});
  context.show(approved, fmt::format("approved: {}", text_of(approved, "title")));
}

}  // namespace

void add_programme_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<ProgrammeOptions>();
  auto* programme = app.add_subcommand("programme", "Programmes: create, give sound, approve");
  programme->require_subcommand(1);

  auto* list = programme->add_subcommand("list", "List programmes");
  list->add_option("--area", options->area, "Only this area and below");
  list->add_option("--state", options->state, "draft, waiting, approved, rejected or archived");
  list->callback([&context, options] {
    context.show(context.client().all("/programmes", {{"area", options->area}, {"state", options->state}}, 10'000),
                 {{"ID", "id"}, {"STATE", "state"}, {"AREA", "area"}, {"FIELD", "legal_field"}, {"MS", "clip.duration_ms"}, {"TITLE", "title"}});
  });

  auto* make = programme->add_subcommand("create", "A new draft; prints its id");
  make->add_option("--title", options->title, "Title")->required();
  make->add_option("--area", options->area, "Area id")->required();
  make->add_option("--field", options->field, "Legal field");
  make->add_option("--reference", options->references, "Legal reference; may be repeated");
  make->add_option("--issuer", options->issuer, "Issuing body");
  make->add_option("--language", options->language, "BCP 47 (default vi)");
  auto* text = make->add_option("--text", options->text, "What is to be spoken");
  make->add_option("--text-file", options->text_file, "File with what is to be spoken; - for standard input")->excludes(text);
  make->callback([&context, options] { create(context, *options); });

  const auto with_id = [&](const char* name, const char* help) {
    auto* command = programme->add_subcommand(name, help);
    command->add_option("ID", options->id, "Programme id")->required();
    return command;
  };

  with_id("show", "One programme")->callback([&context, options] { print_json(context.client().get(path_of(*options))); });

  auto* speech = with_id("speak", "Turn its text into sound, and wait for it");
  speech->add_option("--voice", options->voice, "Voice id (default: the first of the language)");
  speech->add_option("--timeout", options->seconds, "Seconds to wait at most")->capture_default_str();
  speech->callback([&context, options] { speak(context, *options); });

  auto* send = with_id("upload", "Give it recorded sound, and wait until it is ready");
  send->add_option("FILE", options->file, "wav, mp3, m4a, ogg, opus or flac")->required()->check(CLI::ExistingFile);
  send->add_option("--timeout", options->seconds, "Seconds to wait at most")->capture_default_str();
  send->callback([&context, options] { upload(context, *options); });

  with_id("submit", "Hand it to the approvers")->callback([&context, options] {
    context.show(context.client().post(path_of(*options) + "/submit"), "waits for approval");
  });
  with_id("approve", "Approve exactly what it holds now")->callback([&context, options] { approve(context, *options); });

  auto* give_back = with_id("return", "Give it back to its author");
  give_back->add_option("--reason", options->reason, "What is to be changed")->required();
  give_back->callback([&context, options] {
    context.show(context.client().post(path_of(*options) + "/return", {{"reason", options->reason}}), "returned");
  });
  with_id("archive", "Put it away")->callback([&context, options] {
    context.show(context.client().post(path_of(*options) + "/archive"), "archived");
  });
}

}  // namespace loa::tool
