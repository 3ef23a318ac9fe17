// tenon cache keys: docs/reference/cache-key.md.
#include "compiler/driver/CacheKeys.h"
#include "tools/tenon-compiler/Verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace tenon::cli {
namespace {

class CacheKeys final : public Verb {
public:
  const char *name() const override { return "keys"; }
  const char *summary() const override { return "Print what is in a key and what never is, as Markdown"; }
  const char *examples() const override { return "  tenon cache keys\n"; }
  void declare(CLI::App &) override {}
  Status run(Terminal &) override {
    std::fputs(keyReference().c_str(), stdout);
    return Status::ok();
  }
};

} // namespace

std::unique_ptr<Verb> makeCacheKeys() { return std::make_unique<CacheKeys>(); }

} // namespace tenon::cli
