// tenon cache rm: removes entries.
#include "compiler/cache/Collect.h"
#include "tools/cli/Quantity.h"
#include "tools/tenon-compiler/CacheFlags.h"
#include "tools/tenon-compiler/Verbs.h"

#include <algorithm>

namespace tenon::cli {
namespace {

class CacheRm final : public Verb {
public:
  const char *name() const override { return "rm"; }
  const char *summary() const override { return "Remove entries, by their keys or all"; }
  const char *examples() const override { return "  tenon cache rm 6f0c52 a81b\n"; }
  void declare(CLI::App &app) override {
    cache_.declareFolder(app);
    auto *keys = app.add_option("key", keys_, "Keys, or how they begin (as `ls` shows them)");
    app.add_flag("--all", all_, "Every entry")->excludes(keys);
  }
  Status run(Terminal &terminal) override {
    if (keys_.empty() && !all_)
      return Status(Code::Usage, "nothing to remove: give keys, or --all");
    TENON_ASSIGN(cache::Store store, cache_.open(terminal, /*readOnly=*/false));
    const std::vector<cache::Listed> entries = cache::listEntries(store);
    std::vector<cache::Listed> chosen;
    for (const std::string &key : keys_) {
      const size_t before = chosen.size();
      std::copy_if(entries.begin(), entries.end(), std::back_inserter(chosen),
                   [&](const cache::Listed &entry) { return entry.key.hex.starts_with(key); });
      if (key.empty() || chosen.size() != before + 1)
        return Status(Code::Usage, "'" + key + "' is the beginning of " + std::to_string(chosen.size() - before) +
                                       " keys, expected one; nothing was removed");
    }
    uint64_t bytes = 0, count = 0;
    for (const cache::Listed &entry : all_ ? entries : chosen) {
      if (!store.remove(entry.key)) {
        terminal.warn(entry.key.text() + " stays: somebody is at work on it");
        continue;
      }
      bytes += entry.bytes;
      ++count;
    }
    terminal.note("removed " + std::to_string(count) + " entries, " + formatBytes(bytes));
    return Status::ok();
  }

private:
  CacheFlags cache_;
  std::vector<std::string> keys_;
  bool all_ = false;
};

} // namespace

std::unique_ptr<Verb> makeCacheRm() { return std::make_unique<CacheRm>(); }

} // namespace tenon::cli
