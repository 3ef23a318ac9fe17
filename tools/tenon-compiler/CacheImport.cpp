// tenon cache import: entries from one file.
#include "compiler/cache/Bundle.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

namespace tenon::cli {
namespace {

class CacheImport final : public Verb {
public:
  const char *name() const override { return "import"; }
  const char *summary() const override {
    return "Add the entries of an exported file; engines are code, so from those you trust";
  }
  const char *examples() const override { return "  tenon cache import models.bundle\n"; }

  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    cache_.declareSize(app);
    app.add_option("bundle", bundle_, "File that `export` wrote")->required();
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/false));
    TENON_ASSIGN(const cache::Shipped shipped, cache::importBundle(store, bundle_));
    terminal.note("added " + std::to_string(shipped.entries) + " entries, " + formatBytes(shipped.bytes));
    return Status::ok();
  }

private:
  CacheFlags cache_;
  std::string bundle_;
};

} // namespace

std::unique_ptr<Verb> makeCacheImport() { return std::make_unique<CacheImport>(); }

} // namespace tenon::cli
