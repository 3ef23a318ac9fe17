// tenon cache export: entries into one file.
#include "compiler/cache/Bundle.h"
#include "compiler/cache/Collect.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <algorithm>

namespace tenon::cli {
namespace {

class CacheExport final : public Verb {
public:
  const char *name() const override { return "export"; }
  const char *summary() const override { return "Write entries into one file, to be imported elsewhere"; }
  const char *examples() const override {
    return "  tenon cache export models.bundle\n  tenon cache export m.bundle 6f0c52\n";
  }

  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    app.add_option("bundle", bundle_, "File to write")->required();
    app.add_option("key", keys_,
                   "Keys, or how they begin; all entries where none is given. Engines bring their weights");
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/true));
    std::vector<cache::Key> chosen;
    std::vector<bool> used(keys_.size());
    for (const cache::Listed &entry : cache::listEntries(store)) {
      bool wanted = keys_.empty();
      for (size_t i = 0; i < keys_.size(); ++i)
        if (!keys_[i].empty() && entry.key.hex.starts_with(keys_[i]))
          wanted = used[i] = true;
      if (entry.whole && wanted)
        chosen.push_back(entry.key);
    }
    for (size_t i = 0; i < keys_.size(); ++i)
      if (!used[i])
        return Status(Code::Usage, "no key begins with '" + keys_[i] + "'");
    addWeights(store, chosen);
    TENON_ASSIGN(const cache::Shipped shipped, cache::exportBundle(store, chosen, bundle_));
    terminal.note("wrote " + bundle_ + ": " + std::to_string(shipped.entries) + " entries, " +
                  formatBytes(shipped.bytes) + " before compression");
    return Status::ok();
  }

private:
  // An engine is of no use without the weights that it was made with.
  static void addWeights(const cache::Store &store, std::vector<cache::Key> &chosen) {
    for (size_t i = 0; i < chosen.size(); ++i) {
      const auto manifest = store.readManifest(chosen[i]);
      if (!manifest.isOk() || chosen[i].kind != cache::Kind::Engine)
        continue;
      const auto weights = manifest->notes.find("weights");
      if (weights != manifest->notes.end())
        chosen.push_back({cache::Kind::Weights, weights->second});
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  }

  CacheFlags cache_;
  std::string bundle_;
  std::vector<std::string> keys_;
};

} // namespace

std::unique_ptr<Verb> makeCacheExport() { return std::make_unique<CacheExport>(); }

} // namespace tenon::cli
