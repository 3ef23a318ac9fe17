// The options that say what to compile, shared by `compile` and `plan`.
#pragma once

#include "compiler/driver/CompileOptions.h"
#include "runtime/base/Status.h"

#include <CLI/CLI.hpp>

namespace tenon::cli {

class CompileFlags {
public:
  void declare(CLI::App &app);
  // Usage when a quantity cannot be read.
  Result<CompileOptions> read() const;

private:
  std::string model_, quant_ = "auto", activations_ = "auto", kv_ = "auto", maxBatch_, maxSeq_, kvTokens_, pageTokens_,
                      stepTokens_, logitRows_;
  std::vector<std::string> targets_;
  unsigned jobs_ = 0;
};

} // namespace tenon::cli
