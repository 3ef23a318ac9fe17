// Runs the programs of one variant. All slices become pointers once, when the executor is made; a run is one loop.
//
// Threads: used by one thread at a time, the one that owns the pool. The regions, the code and the metadata must
// outlive the executor.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/cpu/CodeModule.h"
#include "runtime/device/cpu/ThreadPool.h"
#include "tenon/schema/engine_generated.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tenon {

// Where the slices of a variant lie. Sizes are those of the metadata (verified); all 64-byte aligned.
struct Regions {
  std::vector<const uint8_t *> weights; // one per entry of Rank.weight_segments
  uint8_t *kv = nullptr;
  uint8_t *io = nullptr;
  uint8_t *arena = nullptr;

  // The address of a verified slice. Weights are mapped read-only: nothing may be written through it there.
  void *resolve(const schema::Slice &slice) const;
};

// Time spent in one kernel, for `bench --kernels`.
struct KernelTime {
  uint64_t launches = 0;
  uint64_t nanoseconds = 0; // wall time of the launches, all workers together
};

class Executor {
public:
  // `variant` belongs to a verified engine. Errors: InvalidFile when the code lacks a kernel's symbol, Unsupported for
  // collective steps (an engine of several ranks).
  static Result<Executor> create(const schema::Variant &variant, const cpu::CodeModule &code, const Regions &regions);

  // Runs variant.programs()[program] from its first step to its last.
  void run(uint32_t program, cpu::ThreadPool &pool);

  // From now on every launch is timed, starting from zero; or no longer.
  void timeKernels(bool on);
  // One entry per kernel of the variant.
  std::span<const KernelTime> kernelTimes() const { return times_; }

private:
  using Kernel = void (*)(void *const *args, uint32_t worker, uint32_t workers);

  // A launch, or a copy where kernel is null: args[0] <- args[1].
  struct Step {
    Kernel kernel;
    uint32_t kernelIndex;
    uint32_t firstArg; // in args_
    uint64_t copyBytes;
  };
  struct Range {
    uint32_t begin, end; // in steps_
  };

  Executor() = default;
  void launch(const Step &step, cpu::ThreadPool &pool);

  std::vector<Step> steps_;
  std::vector<void *> args_;
  std::vector<Range> programs_;
  std::vector<KernelTime> times_;
  bool timed_ = false;
};

} // namespace tenon
