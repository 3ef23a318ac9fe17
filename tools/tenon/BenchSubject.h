// One engine under `tenon bench`: what is timed and how it compares with what the machine could do meanwhile.
//
// Clocks and neighbours change, so every repetition stands between two bursts of the probe and its shares are taken of
// their mean.
#pragma once

#include "tools/tenon/EngineFlags.h"
#include "tools/tenon/KernelTable.h"
#include "tools/tenon/Spread.h"
#include "tools/tenon/StepCost.h"
#include "tools/tenon/Workload.h"

#include <memory>
#include <vector>

namespace tenon::cli {

// What is measured.
struct BenchShape {
  uint32_t prompt = 128, batch = 1, context = 64, steps = 16, reps = 9;
};

// One phase: prefill or decode.
struct PhaseResult {
  StepCost cost;                       // of one prefill, or of one decode step in the middle
  double tokens = 0;                   // of one repetition
  double steps = 1;                    // steps of `cost` in one repetition
  cpu::Limit limit = cpu::Limit::Read; // the one that `shares` are of: of reading for decode, of arithmetic for prefill
  // By repetition: its time; what the limit was; the share of the limit; the share of the roofline, which counts
  // reading and computing of every kernel.
  std::vector<double> seconds, limits, shares, rooflines;

  double amount() const; // bytes or operations of one repetition
  double tokensPerSecond() const { return tokens / spreadOf(seconds).median; }
  double amountPerSecond() const { return amount() / spreadOf(seconds).median; }
};

class BenchSubject {
public:
  // Opens the engine twice, to time the second time, and warms it up. Errors: those of opening; Constraint where the
  // engine has no room for the shape.
  static Result<BenchSubject> open(const EngineFlags &flags, const BenchShape &shape);

  // One repetition of each phase between bursts. `limits` are earlier measurements, for what no burst asks again.
  Status repeat(cpu::Probe &probe, const cpu::Limits &limits);
  // Runs both phases with kernels timed.
  Status timeKernels();

  const std::string &path() const { return path_; }
  Engine &engine() const { return *engine_; }
  const PhaseResult &prefill() const { return prefill_; }
  const PhaseResult &decode() const { return decode_; }
  const std::vector<KernelRow> &prefillKernels() const { return prefillKernels_; }
  const std::vector<KernelRow> &decodeKernels() const { return decodeKernels_; }
  double loadMilliseconds() const { return loadMs_; }
  uint64_t peakResident() const { return peakRss_; } // of the process, when this engine was warm

private:
  BenchSubject() = default;
  Result<double> run(PhaseResult &phase);
  Status repeat(cpu::Probe &probe, const cpu::Limits &limits, PhaseResult &phase);

  std::string path_;
  BenchShape shape_;
  std::unique_ptr<Engine> engine_; // before work_, which frees its sequences there
  std::unique_ptr<Workload> work_;
  PhaseResult prefill_, decode_;
  std::vector<KernelRow> prefillKernels_, decodeKernels_;
  double loadMs_ = 0;
  uint64_t peakRss_ = 0;
};

} // namespace tenon::cli
