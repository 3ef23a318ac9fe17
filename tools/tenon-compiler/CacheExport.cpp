// tenon cache export: entries into one file.
#include "compiler/cache/Bundle.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/ChosenEntries.h"
#include "tools/tenon-compiler/Verbs.h"

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
    TENON_ASSIGN(const std::vector<cache::Key> chosen, chooseEntries(store, keys_));
    TENON_ASSIGN(const cache::Shipped shipped, cache::exportBundle(store, chosen, bundle_));
    terminal.note("wrote " + bundle_ + ": " + std::to_string(shipped.entries) + " entries, " +
                  formatBytes(shipped.bytes) + " before compression");
    return Status::ok();
  }

private:
  CacheFlags cache_;
  std::string bundle_;
  std::vector<std::string> keys_;
};

} // namespace

std::unique_ptr<Verb> makeCacheExport() { return std::make_unique<CacheExport>(); }

} // namespace tenon::cli
