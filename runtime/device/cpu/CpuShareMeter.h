// How much of its CPU each thread of a pool had while it wanted all of it.
//
// Within an Active scope every thread works or spins, so its processor time should grow as fast as the clock; what is
// missing, somebody else had. Processor time that a hypervisor takes is not seen. Costs: a comparison or two at each
// scope's begin and end; the system calls that read processor times come once per window, or twice per scope where
// scopes are long enough not to feel them.
//
// Long scopes are measured from begin to end. Short ones are measured in chains, together with the gaps between them,
// which must be so short that threads go on spinning; short scopes with long gaps are not measured at all. Threads:
// belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <ctime>
#include <span>
#include <vector>

namespace tenon::cpu {

class CpuShareMeter {
public:
  using ReadClock = int64_t (*)(clockid_t clock); // nanoseconds

  static constexpr int64_t kWindow = 30 * 1000 * 1000; // some time slices of the scheduler
  static constexpr int64_t kLongScope = 2 * 1000 * 1000;
  static constexpr int64_t kLongScopePerThread = 100 * 1000; // in any case 200 times the price of two readings
  static constexpr int64_t kGapsPerScope = 8;                // a chain's gap is at most 1/8 of the scope before it,
  static constexpr int64_t kLongestGap = 100 * 1000;         // and no longer than the pool spins

  // Processor-time clocks, one per thread.
  explicit CpuShareMeter(std::vector<clockid_t> clocks, ReadClock read = readClock);

  // A scope begins or ends at `now` (monotonic, nanoseconds). end returns true if it completes a window, of which
  // shares() and windowTime() then tell.
  void begin(int64_t now);
  bool end(int64_t now);
  // Forgets the window that has begun: threads come or go, or another thread is the caller.
  void restart();

  std::span<const double> shares() const { return shares_; } // of the time measured, one per thread
  int64_t windowTime() const { return windowTime_; }

  static int64_t readClock(clockid_t clock);

private:
  void readAll(std::vector<int64_t> &times) const;

  std::vector<clockid_t> clocks_;
  ReadClock read_;
  int64_t longScope_;
  std::vector<int64_t> at_, next_; // processor times when the open part began, and those just read
  std::vector<int64_t> used_;      // in the parts of the window that are complete
  std::vector<double> shares_;
  bool open_ = false;    // a part has begun
  int64_t part_ = 0;     // time in it
  int64_t complete_ = 0; // time in complete parts
  int64_t windowTime_ = 0;
  int64_t began_ = 0, ended_ = 0; // of the last scope
  int64_t lastRead_ = INT64_MIN / 2;
};

} // namespace tenon::cpu
