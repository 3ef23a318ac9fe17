// The shared tier of the artifact cache, as the command line names it: for `compile` and `cache push`.
#pragma once

#include "compiler/driver/CompileOptions.h"
#include "runtime/base/Status.h"

#include <CLI/CLI.hpp>

namespace tenon::cli {

class RemoteFlags {
public:
  void declare(CLI::App &app);

  // Fills the fields of the shared tier. Usage for a timeout that is none, and for keys without a remote.
  Status read(CompileOptions &options) const;

private:
  std::string url_, key_, trust_;
  double timeout_ = 10;
};

} // namespace tenon::cli
