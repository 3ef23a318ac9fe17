// tenon cache verify: compares every digest.
#include "compiler/cache/Collect.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

namespace tenon::cli {
namespace {

class CacheVerify final : public Verb {
public:
  const char *name() const override { return "verify"; }
  const char *summary() const override { return "Hash every byte; damaged entries go into quarantine"; }
  const char *examples() const override { return "  tenon cache verify\n"; }
  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    app.add_flag("--cache-readonly", readOnly_, "Leave damaged entries where they are");
  }
  Status run(Terminal &terminal) override {
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, readOnly_));
    uint64_t good = 0, damaged = 0;
    for (const cache::Listed &entry : cache::listEntries(store))
      if (entry.whole)
        ++(store.verify(entry.key) ? good : damaged);
    terminal.note(std::to_string(good) + " entries are whole, " + std::to_string(damaged) + " damaged");
    return damaged == 0 ? Status::ok()
                        : Status(Code::Integrity, std::to_string(damaged) + " damaged entries" +
                                                      (readOnly_ ? "" : " were put into quarantine"));
  }

private:
  CacheFlags cache_;
  bool readOnly_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCacheVerify() { return std::make_unique<CacheVerify>(); }

} // namespace tenon::cli
