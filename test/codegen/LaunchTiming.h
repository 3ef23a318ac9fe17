// How long launches of one compiled kernel take, as shares of what the machine can do in the same moments.
#pragma once

#include "runtime/device/cpu/Probe.h"
#include "test/codegen/KernelHarness.h"

#include <functional>

namespace tenon::test {

struct LaunchCost { // of one launch
  double bytes, flops;
};

// One value of each for every pair of probe bursts and launches.
struct LaunchTimes {
  std::vector<double> seconds;                // of one launch
  std::vector<double> readShares, peakShares; // of the read bandwidth and of the arithmetic peak
};

class LoadedKernel {
public:
  // The function "k" of `kernel`, compiled for `target`, which it is set to. Reports on stderr and ends the program
  // when it does not compile or load: a benchmark has nothing else to do.
  LoadedKernel(const KernelCase &kernel, kernel::TargetAttr target);

  // One launch on all workers.
  void launch(cpu::ThreadPool &pool, void *const *arguments) const {
    pool.run([&](uint32_t worker, uint32_t workers) { function(arguments, worker, workers); });
  }

  // Launches for 50 ms at a time on `pool`, next to bursts of `probe` on the same workers. `next` gives the arguments
  // of each launch: from memory that no cache holds, it cycles through copies.
  LaunchTimes time(cpu::ThreadPool &pool, cpu::Probe &probe, cpu::Limit peak, unsigned pairs, LaunchCost cost,
                   const std::function<void *const *()> &next) const;

private:
  using Function = void (*)(void *const *, uint32_t, uint32_t);
  double burst(cpu::ThreadPool &pool, const std::function<void *const *()> &next) const;

  std::optional<cpu::CodeModule> code;
  Function function;
};

} // namespace tenon::test
