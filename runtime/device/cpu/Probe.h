// What this machine can do at most, measured: the denominators of every performance figure.
//
// Clocks and neighbours change within minutes, so one number at start-up says little. A burst takes some 50 ms and runs
// on the same workers as the program: interleave bursts with the repetitions of what is being measured, and compare
// each with its neighbours in time. Threads: a probe belongs to its pool's thread.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/ProbeLoops.h"
#include "runtime/device/cpu/ThreadPool.h"

#include <string>

namespace tenon::cpu {

// All workers together. A limit for which the CPU has no instructions is 0 and its instruction set is empty.
struct Limits {
  double readBytesPerSecond = 0;
  double int8OpsPerSecond = 0; // one multiply-add: two operations
  double bf16FlopsPerSecond = 0;
  double f32FlopsPerSecond = 0;
  std::string int8Isa, bf16Isa, f32Isa, readIsa;
  unsigned readStreams = 0; // how many arrays a worker reads side by side at its best
};

class Probe {
public:
  // The pool must outlive the probe.
  explicit Probe(ThreadPool &pool);

  // Bytes, operations or flops per second of all workers in one burst; 0 where isa(limit) is empty. The first Read
  // burst also allocates its buffer (readBufferBytes(), resident until the probe is destroyed) and tries each stream
  // count, which takes up to a second. Errors: Resource when there is no memory for the buffer.
  Result<double> burst(Limit limit);

  // The instruction set that burst(limit) uses; empty where there is none.
  std::string isa(Limit limit) const;

  // The median of `bursts` bursts of each limit, taken in turn.
  Result<Limits> measure(unsigned bursts = 5);

  uint64_t readBufferBytes() const { return buffer_.size(); }

private:
  Status prepareReads();
  double readBurst(const ReadRow &row, int64_t nanoseconds);
  double peakBurst(const PeakRow &row, int64_t nanoseconds);
  template <typename Chunk> double sumOfRates(int64_t nanoseconds, Chunk chunk);

  ThreadPool &pool_;
  const PeakRow *peaks_[4] = {}; // by Limit; null: none
  const ReadRow *read_ = nullptr;
  Memory buffer_;
};

// Processor time of the whole machine since boot, in ticks: bench prints how much the hypervisor took away meanwhile.
struct CpuTimes {
  uint64_t total = 0, stolen = 0;
};
CpuTimes readCpuTimes(const std::string &path = "/proc/stat");
// The stolen share of what passed between two readings, in [0, 1].
double stolenShare(const CpuTimes &before, const CpuTimes &after);

} // namespace tenon::cpu
