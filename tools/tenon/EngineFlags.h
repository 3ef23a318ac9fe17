// The options with which every verb opens an engine.
#pragma once

#include "runtime/session/Engine.h"
#include "tools/tenon/SignatureFlags.h"

#include <CLI/CLI.hpp>
#include <string>

namespace tenon::cli {

struct EngineFlags {
  std::string path;
  unsigned threads = 0;
  std::string cpuset;
  bool verify = false, skipWeightDigests = false;
  SignatureFlags signature;

  void declare(CLI::App &app) {
    app.add_option("engine", path, "Engine file")->required();
    app.add_option("--threads", threads, "Worker threads; 0: one for each core that this process may use")
        ->default_str("0");
    app.add_option("--cpuset", cpuset, "Logical CPUs to run on, such as 0-3,8");
    app.add_flag("--verify", verify, "Compare the digests of all weights before running");
    signature.declare(app);
    app.add_flag("--skip-weight-digests", skipWeightDigests,
                 "With --require-signature: do not read all weights first; a change of them is not noticed");
  }

  Result<std::unique_ptr<Engine>> open() const;
};

} // namespace tenon::cli
