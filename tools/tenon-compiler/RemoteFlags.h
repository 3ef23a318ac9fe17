// The shared tier of the artifact cache, as the command line names it: for `compile` and `cache push`.
#pragma once

#include "compiler/cache/remote/Remote.h"
#include "compiler/driver/CompileOptions.h"
#include "runtime/base/Status.h"

#include <CLI/CLI.hpp>

namespace tenon::cli {

class RemoteFlags {
public:
  void declare(CLI::App &app);

  // Usage for a timeout that is none.
  Result<cache::RemoteOptions> options() const;
  // Fills the fields of the shared tier by the same.
  Status read(CompileOptions &compile) const;

private:
  std::string url_, key_, trust_;
  double timeout_ = 10;
};

} // namespace tenon::cli
