// tenon cache gc: leftovers of killed processes, damaged and old entries.
#include "compiler/cache/Collect.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

namespace tenon::cli {
namespace {

class CacheGc final : public Verb {
public:
  const char *name() const override { return "gc"; }
  const char *summary() const override { return "Remove what serves nobody, and what is beyond the bound"; }
  const char *examples() const override { return "  tenon cache gc --cache-size 5GiB\n"; }
  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    cache_.declareSize(app);
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/false));
    const cache::Collected collected = cache::collect(store, store.options().sizeBound);
    terminal.note("removed " + std::to_string(collected.entries) + " entries, " + std::to_string(collected.leftovers) +
                  " unfinished files, " + std::to_string(collected.sources) +
                  " digests of files that are gone: " + formatBytes(collected.bytes));
    return Status::ok();
  }

private:
  CacheFlags cache_;
};

} // namespace

std::unique_ptr<Verb> makeCacheGc() { return std::make_unique<CacheGc>(); }

} // namespace tenon::cli
