// Where the artifact cache is and how large it may grow: shared by `compile` and the verbs of `cache`.
#pragma once

#include "compiler/cache/Folder.h"
#include "compiler/cache/Store.h"
#include "tools/cli/Terminal.h"

#include <CLI/CLI.hpp>

namespace tenon::cli {

class CacheFlags {
public:
  void declareFolder(CLI::App &app);
  void declareSize(CLI::App &app);

  // Empty for no cache.
  std::string folder() const { return cache::chooseFolder(folder_); }
  Result<uint64_t> sizeBound() const;

  // The store of a verb that works on nothing else; `terminal` outlives it. Usage where there is no cache.
  Result<cache::Store> open(Terminal &terminal, bool readOnly) const;

private:
  std::string folder_, size_ = "20GiB";
};

} // namespace tenon::cli
