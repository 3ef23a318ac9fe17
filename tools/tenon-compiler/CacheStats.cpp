// tenon cache stats: how much there is of each kind.
#include "compiler/cache/Collect.h"
#include "tools/cli/JsonWriter.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <cinttypes>
#include <cstdio>

namespace tenon::cli {
namespace {

class CacheStats final : public Verb {
public:
  const char *name() const override { return "stats"; }
  const char *summary() const override { return "Count what the cache holds"; }
  const char *examples() const override { return "  tenon cache stats\n"; }
  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    cache_.declareSize(app);
    app.add_flag("--json", json_, "One JSON object");
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(const cache::Store store, cache_.open(terminal, /*readOnly=*/true));
    const cache::Contents contents = cache::countContents(store);
    std::fputs((json_ ? jsonText(store, contents) : plainText(store, contents)).c_str(), stdout);
    return Status::ok();
  }

private:
  static std::string line(const char *name, uint64_t count, uint64_t bytes) {
    char text[96];
    std::snprintf(text, sizeof text, "%-10s %8" PRIu64 "  %9s\n", name, count, formatBytes(bytes).c_str());
    return text;
  }

  static std::string plainText(const cache::Store &store, const cache::Contents &contents) {
    std::string text = store.root() + "\n";
    for (const cache::Kind kind : cache::kKinds) {
      const cache::Amount &amount = contents.entries[static_cast<size_t>(kind)];
      text += line(std::string(cache::kindName(kind)).c_str(), amount.count, amount.bytes);
    }
    text += line("unfinished", contents.unfinished.count, contents.unfinished.bytes);
    text += line("quarantine", contents.quarantine.count, contents.quarantine.bytes);
    return text + line("all", contents.all().count, contents.all().bytes) + "bound " +
           formatBytes(store.options().sizeBound) + "\n";
  }

  static std::string jsonText(const cache::Store &store, const cache::Contents &contents) {
    JsonWriter json;
    json.beginObject().field("schema_version", 1).field("folder", store.options().folder);
    auto add = [&](std::string_view name, const cache::Amount &amount) {
      json.key(name).beginObject().field("count", amount.count).field("bytes", amount.bytes).endObject();
    };
    for (const cache::Kind kind : cache::kKinds)
      add(cache::kindName(kind), contents.entries[static_cast<size_t>(kind)]);
    add("unfinished", contents.unfinished);
    add("quarantine", contents.quarantine);
    json.field("bytes", contents.all().bytes).field("bound", store.options().sizeBound);
    return json.endObject().text() + "\n";
  }

  CacheFlags cache_;
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCacheStats() { return std::make_unique<CacheStats>(); }

} // namespace tenon::cli
