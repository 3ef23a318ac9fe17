// tenon cache explain: what a compilation would find, and why it would miss the rest.
#include "compiler/cache/Nearest.h"
#include "compiler/driver/KeyedParts.h"
#include "tools/cli/JsonWriter.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/CompileFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <cstdio>

namespace tenon::cli {
namespace {

class CacheExplain final : public Verb {
public:
  const char *name() const override { return "explain"; }
  const char *summary() const override { return "Say what a compilation would find, and the fields that differ"; }
  const char *examples() const override { return "  tenon cache explain path/to/model --max-batch 8\n"; }

  void declare(CLI::App &app) override {
    flags_.declare(app);
    app.add_option("--weights", weights_, "As for compile")
        ->check(CLI::IsMember({"inside", "external"}))
        ->default_str("inside");
    cache_.declareFolder(app);
    app.add_flag("--json", json_, "One JSON object");
  }

  Status run(Terminal &terminal) override {
    TENON_ASSIGN(CompileOptions options, flags_.read());
    options.externalWeights = weights_ == "external";
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/true));
    TENON_ASSIGN(const KeyedParts keyed, keyedParts(options, &store));
    JsonWriter json;
    json.beginObject().field("schema_version", 1).key("parts").beginArray();
    for (const KeyedPart &part : keyed.parts) {
      const cache::Key key = cache::keyOf(part.kind, part.fields);
      const bool hit = isFound(store, key, part.fields);
      const auto nearest = hit ? std::nullopt : cache::findNearest(store, part.kind, part.fields);
      json_ ? addJson(json, part, key, hit, nearest) : print(part, key, hit, nearest);
    }
    if (json_)
      std::printf("%s\n", json.endArray().endObject().text().c_str());
    return Status::ok();
  }

private:
  // An engine's entry is of no use without its weights.
  static bool isFound(cache::Store &store, const cache::Key &key, const cache::Fields &fields) {
    const auto entry = store.find(key, fields);
    if (!entry || key.kind != cache::Kind::Engine)
      return entry.has_value();
    const auto weights = cache::weightsOf(entry->manifest);
    return weights && store.find(*weights);
  }

  static void print(const KeyedPart &part, const cache::Key &key, bool hit,
                    const std::optional<cache::Nearest> &nearest) {
    std::printf("%s: %s  %.16s\n", part.part.c_str(), hit ? "hit" : "miss", key.hex.c_str());
    if (hit)
      return;
    if (!nearest) {
      std::printf("  there is no entry of this kind\n");
      return;
    }
    if (nearest->differences.empty()) {
      std::printf("  it is there, but its weights are not\n");
      return;
    }
    std::printf("  nearest %.16s\n%s", nearest->key.hex.c_str(), cache::differencesTable(nearest->differences).c_str());
  }

  static void addJson(JsonWriter &json, const KeyedPart &part, const cache::Key &key, bool hit,
                      const std::optional<cache::Nearest> &nearest) {
    json.beginObject().field("part", part.part).field("key", key.hex).field("hit", hit);
    if (nearest) {
      json.field("nearest", nearest->key.hex).key("differences").beginArray();
      for (const cache::Difference &difference : nearest->differences)
        json.beginObject()
            .field("field", difference.field)
            .field("asked", difference.asked.value_or(""))
            .field("there", difference.there.value_or(""))
            .endObject();
      json.endArray();
    }
    json.endObject();
  }

  CompileFlags flags_;
  CacheFlags cache_;
  std::string weights_ = "inside";
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCacheExplain() { return std::make_unique<CacheExplain>(); }

} // namespace tenon::cli
