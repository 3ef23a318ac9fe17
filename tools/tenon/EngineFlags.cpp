#include "tools/tenon/EngineFlags.h"

namespace tenon::cli {

Result<std::unique_ptr<Engine>> EngineFlags::open() const {
  EngineOptions options;
  options.threads = threads;
  options.verifyWeights = verify;
  options.skipWeightDigests = skipWeightDigests;
  TENON_ASSIGN(options.signers, signature.signers());
  if (!cpuset.empty()) {
    TENON_ASSIGN(options.cpus, cpu::parseCpuList(cpuset));
  }
  return Engine::open(path, options);
}

} // namespace tenon::cli
