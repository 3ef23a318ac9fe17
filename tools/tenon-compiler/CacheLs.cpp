// tenon cache ls: the entries with what they were made for.
#include "compiler/cache/Collect.h"
#include "runtime/base/Printable.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace tenon::cli {
namespace {

class CacheLs final : public Verb {
public:
  const char *name() const override { return "ls"; }
  const char *summary() const override { return "List the entries, latest use first"; }
  const char *examples() const override { return "  tenon cache ls engine\n"; }
  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    app.add_option("kind", kind_, "Only those of one kind")->check(CLI::IsMember({"code", "weights", "engine"}));
    app.add_flag("--json", json_, "One JSON object");
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(const cache::Store store, cache_.open(terminal, /*readOnly=*/true));
    std::vector<cache::Listed> entries = cache::listEntries(store);
    std::erase_if(entries, [&](const cache::Listed &entry) {
      return !entry.whole || (!kind_.empty() && cache::kindName(entry.key.kind) != kind_);
    });
    std::sort(entries.begin(), entries.end(), [](const cache::Listed &a, const cache::Listed &b) {
      return std::pair(-a.used, a.key) < std::pair(-b.used, b.key);
    });
    JsonWriter json;
    json.beginObject().field("schema_version", 1).key("entries").beginArray();
    for (const cache::Listed &entry : entries) {
      const auto manifest = store.readManifest(entry.key);
      const std::string text = manifest.isOk() ? summaryOf(*manifest) : "damaged: " + manifest.status().message();
      if (json_)
        json.beginObject()
            .field("kind", cache::kindName(entry.key.kind))
            .field("key", entry.key.hex)
            .field("bytes", entry.bytes)
            .field("used", entry.used / 1000000000)
            .field("summary", text)
            .endObject();
      else
        std::printf("%-7s %.16s  %9s  %s  %s\n", std::string(cache::kindName(entry.key.kind)).c_str(),
                    entry.key.hex.c_str(), formatBytes(entry.bytes).c_str(), timeText(entry.used).c_str(),
                    printable(text).c_str());
    }
    if (json_)
      std::printf("%s\n", json.endArray().endObject().text().c_str());
    return Status::ok();
  }

private:
  static std::string timeText(int64_t nanoseconds) {
    const std::time_t seconds = nanoseconds / 1000000000;
    std::tm parts = {};
    char text[32] = "";
    if (gmtime_r(&seconds, &parts))
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &parts);
    return text;
  }

  static std::string summaryOf(const cache::Manifest &manifest) {
    auto note = [&](const char *name) {
      const auto at = manifest.notes.find(name);
      return at == manifest.notes.end() ? std::string() : at->second;
    };
    std::string text;
    for (const std::string &part : {note("model.family"), note("format.weights"), note("shape")})
      text += (text.empty() || part.empty() ? "" : ", ") + part;
    for (const auto &[name, value] : manifest.fields)
      if (name == "target" || (name.starts_with("target.") && !name.ends_with(".resolved")))
        text += (text.empty() ? "" : ", ") + value;
    return text;
  }

  CacheFlags cache_;
  std::string kind_;
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCacheLs() { return std::make_unique<CacheLs>(); }

} // namespace tenon::cli
